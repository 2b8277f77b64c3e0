# Each orchestration makes exactly its own resources and none of another one's. Plans only; needs what make package builds.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "credentials"
  source = "./tests/mocks"
}

run "sfn_is_a_state_machine_over_five_functions" {
  command = plan

  variables {
    orchestration = "sfn"
  }

  assert {
    condition     = jsonencode(keys(module.function)) == jsonencode(["mapper", "partition", "recorder", "reducer", "summary"])
    error_message = "sfn deploys mapper, partition, reducer, summary and recorder, and no unum_map."
  }

  assert {
    condition     = jsonencode([for module in [module.sfn, module.http_sync_s3, module.http_only, module.s3_triggers, module.dynamodb_triggers] : length(module)]) == jsonencode([1, 0, 0, 0, 0])
    error_message = "sfn has its state machine and nothing of another orchestration."
  }

  assert {
    condition     = jsonencode(keys(module.buckets)) == jsonencode(["code", "results", "returns", "shuffle"]) && output.deployment.tables == {}
    error_message = "sfn has three buckets beside the one for code, and no table."
  }

  assert {
    condition     = output.deployment.sfn_map_mode == "INLINE" && jsonencode(output.deployment.concurrency) == jsonencode({ mapper = 10, reducer = 10 })
    error_message = "The Map is INLINE unless asked for otherwise."
  }

  assert {
    condition     = output.deployment.sources == file(local.sources_path)
    error_message = "The deployment says what its packages were made from."
  }

  assert {
    condition     = module.sfn[0].log_group_name == null
    error_message = "The state machine logs nothing unless asked to."
  }

  assert {
    condition     = !contains(keys(local.orchestration.environment), "FAN_IN_WAIT_SECONDS")
    error_message = "Only orchestrations whose functions wait know how long."
  }

  assert {
    condition     = length(module.keeper) == 0
    error_message = "The state machine keeps the time of its executions itself."
  }
}

run "http_sync_s3_is_functions_that_call_each_other" {
  command = plan

  variables {
    orchestration = "http_sync_s3"
  }

  assert {
    condition     = jsonencode(keys(module.function)) == jsonencode(["mapper", "partition", "recorder", "reducer", "summary", "unum_map"])
    error_message = "http_sync_s3 deploys unum_map, mapper, partition, reducer, summary and recorder."
  }

  assert {
    condition     = jsonencode([for module in [module.sfn, module.http_sync_s3, module.http_only, module.s3_triggers, module.dynamodb_triggers] : length(module)]) == jsonencode([0, 1, 0, 0, 0])
    error_message = "http_sync_s3 has no state machine and nothing of another orchestration."
  }

  assert {
    condition     = jsonencode(keys(module.buckets)) == jsonencode(["code", "results", "returns", "shuffle"]) && output.deployment.tables == {}
    error_message = "http_sync_s3 has three buckets beside the one for code, and no table."
  }

  assert {
    condition     = output.deployment.state_machine_arn == null && output.deployment.sfn_map_mode == null && output.deployment.concurrency == {}
    error_message = "What an orchestration doesn't have is null in its deployment record."
  }

  assert {
    condition     = jsonencode(module.http_sync_s3[0].recursion_allowed) == jsonencode(["mapper", "reducer"])
    error_message = "Only mapper and reducer may hand their waiting on to themselves."
  }

  assert {
    condition     = jsonencode(module.http_sync_s3[0].recorded) == jsonencode(["mapper", "partition", "reducer", "summary", "unum_map"])
    error_message = "The final failure of every function but the recorder goes to the recorder."
  }

  assert {
    condition     = local.orchestration.environment.FAN_IN_WAIT_SECONDS == "3600"
    error_message = "A fan-in waits an hour unless told otherwise."
  }

  assert {
    condition     = module.keeper[0].schedule == "rate(5 minutes)" && output.deployment.sweep_minutes == 5
    error_message = "Nothing but a sweep notices that an event got lost."
  }
}

run "http_only_is_functions_that_wait_for_each_other" {
  command = plan

  variables {
    orchestration = "http_only"
  }

  assert {
    condition     = jsonencode(keys(module.function)) == jsonencode(["mapper", "partition", "recorder", "reducer", "summary", "unum_map"])
    error_message = "http_only deploys unum_map, mapper, partition, reducer, summary and recorder."
  }

  assert {
    condition     = jsonencode([for module in [module.sfn, module.http_sync_s3, module.http_only, module.s3_triggers, module.dynamodb_triggers] : length(module)]) == jsonencode([0, 0, 1, 0, 0])
    error_message = "http_only has nothing of another orchestration."
  }

  assert {
    condition     = jsonencode(keys(module.buckets)) == jsonencode(["code", "results", "returns", "shuffle"]) && output.deployment.tables == {}
    error_message = "http_only has three buckets beside the one for code, and no table."
  }

  assert {
    condition     = jsonencode(module.http_only[0].recorded) == jsonencode(["unum_map"])
    error_message = "Only the entry can be invoked with nobody waiting, so only its final failure goes to the recorder."
  }

  assert {
    condition = jsonencode(output.deployment.timeouts) == jsonencode({
      recorder = 30, mapper = 530, partition = 310, reducer = 140, summary = 140, unum_map = 900
    })
    error_message = "A caller's time limit holds those that it waits for, the longest is what Lambda allows, and the mapper gets the most of it."
  }

  assert {
    condition     = module.keeper[0].schedule == "rate(5 minutes)" && output.deployment.sweep_minutes == 5
    error_message = "Nothing but a sweep notices that an event got lost."
  }
}

run "time_limits_of_http_only_grow_with_the_one_that_is_set" {
  command = plan

  variables {
    orchestration   = "http_only"
    timeout_seconds = 60
  }

  assert {
    condition = jsonencode(output.timeouts) == jsonencode({
      recorder = 30, mapper = 60, partition = 150, reducer = 60, summary = 60, unum_map = 240
    })
    error_message = "partition gets twice the time and half a minute, unum_map three times and a minute."
  }
}

run "time_limits_beyond_http_only_are_refused" {
  command = plan

  variables {
    orchestration   = "http_only"
    timeout_seconds = 281
  }

  expect_failures = [aws_lambda_layer_version.dependencies]
}

run "a_function_that_emits_has_all_of_lambdas_time" {
  command = plan

  variables {
    orchestration = "http_sync_s3"
  }

  assert {
    condition = jsonencode(output.timeouts) == jsonencode({
      recorder = 30, mapper = 900, partition = 300, reducer = 300, summary = 300, unum_map = 300
    })
    error_message = "How long a mapper emits depends on all the others, so it gets what Lambda allows."
  }
}

run "elsewhere_a_function_may_have_all_of_lambdas_time" {
  command = plan

  variables {
    orchestration   = "s3_triggers"
    timeout_seconds = 900
  }

  assert {
    condition     = alltrue([for function, timeout in output.timeouts : timeout == (function == "recorder" ? 30 : 900)])
    error_message = "Where nobody waits for a function, its time limit is the one that is set."
  }
}

run "s3_triggers_is_a_bucket_for_each_stage" {
  command = plan

  variables {
    orchestration = "s3_triggers"
  }

  assert {
    condition     = jsonencode(keys(module.function)) == jsonencode(["mapper", "partition", "recorder", "reducer", "summary"])
    error_message = "s3_triggers deploys mapper, partition, reducer, summary and recorder, and no unum_map: the client is the entry."
  }

  assert {
    condition     = jsonencode([for module in [module.sfn, module.http_sync_s3, module.http_only, module.s3_triggers, module.dynamodb_triggers] : length(module)]) == jsonencode([0, 0, 0, 1, 0])
    error_message = "s3_triggers has nothing of another orchestration."
  }

  assert {
    condition = jsonencode(output.deployment.buckets) == jsonencode({
      "mapper-input"   = "wordcount-s3-triggers-mapper-input-eb805c6c3fdd"
      "mapper-output"  = "wordcount-s3-triggers-mapper-output-eb805c6c3fdd"
      "reducer-input"  = "wordcount-s3-triggers-reducer-input-eb805c6c3fdd"
      "reducer-output" = "wordcount-s3-triggers-reducer-output-eb805c6c3fdd"
      results          = "wordcount-s3-triggers-results-eb805c6c3fdd"
      shuffle          = "wordcount-s3-triggers-shuffle-eb805c6c3fdd"
    })
    error_message = "s3_triggers has a bucket for each stage, one for emitted pairs and one for results."
  }

  assert {
    condition     = jsonencode(keys(module.buckets)) == jsonencode(concat(["code"], keys(output.deployment.buckets))) && output.deployment.tables == {}
    error_message = "Beside those there is the bucket for code, and no table."
  }

  assert {
    condition = jsonencode(module.s3_triggers[0].notifications) == jsonencode({
      "mapper-input" = "mapper", "mapper-output" = "partition", "reducer-input" = "reducer", "reducer-output" = "summary"
    })
    error_message = "Each stage's bucket triggers the function that is next; pairs, results and code trigger nothing."
  }

  assert {
    condition     = jsonencode(module.s3_triggers[0].recorded) == jsonencode(["mapper", "partition", "reducer", "summary"])
    error_message = "The final failure of every function but the recorder goes to the recorder."
  }

  assert {
    condition     = module.keeper[0].schedule == "rate(5 minutes)" && output.deployment.sweep_minutes == 5
    error_message = "Nothing but a sweep notices that an event got lost."
  }
}

run "dynamodb_triggers_is_a_table_for_each_stage" {
  command = plan

  variables {
    orchestration = "dynamodb_triggers"
  }

  assert {
    condition     = jsonencode(keys(module.function)) == jsonencode(["mapper", "partition", "recorder", "reducer", "summary"])
    error_message = "dynamodb_triggers deploys mapper, partition, reducer, summary and recorder, and no unum_map: the client is the entry."
  }

  assert {
    condition     = jsonencode([for module in [module.sfn, module.http_sync_s3, module.http_only, module.s3_triggers, module.dynamodb_triggers] : length(module)]) == jsonencode([0, 0, 0, 0, 1])
    error_message = "dynamodb_triggers has nothing of another orchestration."
  }

  assert {
    condition     = jsonencode(keys(module.buckets)) == jsonencode(["code", "given_up", "results", "returns", "shuffle"])
    error_message = "dynamodb_triggers has four buckets beside the one for code."
  }

  assert {
    condition = jsonencode(output.deployment.tables) == jsonencode({
      "mapper-input"   = "wordcount-dynamodb_triggers-mapper-input"
      "mapper-output"  = "wordcount-dynamodb_triggers-mapper-output"
      "reducer-input"  = "wordcount-dynamodb_triggers-reducer-input"
      "reducer-output" = "wordcount-dynamodb_triggers-reducer-output"
      results          = "wordcount-dynamodb_triggers-results"
    })
    error_message = "dynamodb_triggers has a table for each stage and one for results."
  }

  assert {
    condition = jsonencode(module.dynamodb_triggers[0].mappings) == jsonencode({
      "mapper-input" = "mapper", "mapper-output" = "partition", "reducer-input" = "reducer", "reducer-output" = "summary",
      results        = "recorder"
    })
    error_message = "Each stage's stream has one reader, the function that is next; failures are left to their recorder."
  }

  assert {
    condition     = module.dynamodb_triggers[0].given_up_bucket == "wordcount-dynamodb-triggers-given-up-eb805c6c3fdd"
    error_message = "What a stream gives up is left in the deployment's own bucket."
  }

  assert {
    condition     = module.keeper[0].schedule == "rate(5 minutes)" && output.deployment.sweep_minutes == 5
    error_message = "Nothing but a sweep notices that an event got lost."
  }
}

run "a_function_is_told_all_names_and_its_own_time" {
  command = plan

  variables {
    orchestration      = "dynamodb_triggers"
    function_overrides = { mapper = { timeout_seconds = 100 } }
  }

  assert {
    condition = jsonencode(module.function["mapper"].environment) == jsonencode({
      BUCKETS = jsonencode({
        given_up = "wordcount-dynamodb-triggers-given-up-eb805c6c3fdd"
        results  = "wordcount-dynamodb-triggers-results-eb805c6c3fdd"
        returns  = "wordcount-dynamodb-triggers-returns-eb805c6c3fdd"
        shuffle  = "wordcount-dynamodb-triggers-shuffle-eb805c6c3fdd"
      })
      FUNCTION        = "mapper"
      FUNCTION_PREFIX = "wordcount-dynamodb_triggers-"
      ORCHESTRATION   = "dynamodb_triggers"
      SHUFFLE         = "objects"
      TABLES = jsonencode({
        "mapper-input"   = "wordcount-dynamodb_triggers-mapper-input"
        "mapper-output"  = "wordcount-dynamodb_triggers-mapper-output"
        "reducer-input"  = "wordcount-dynamodb_triggers-reducer-input"
        "reducer-output" = "wordcount-dynamodb_triggers-reducer-output"
        results          = "wordcount-dynamodb_triggers-results"
      })
      TIMEOUT_SECONDS = "100"
    })
    error_message = "Each bucket and table is known by its role, and the time limit is the function's own."
  }
}

run "names_carry_prefix_and_orchestration" {
  command = plan

  variables {
    orchestration = "http_sync_s3"
    prefix        = "my-count"
  }

  assert {
    condition     = output.functions["unum_map"] == "my-count-http_sync_s3-unum_map"
    error_message = "A function is named prefix-orchestration-function."
  }

  assert {
    condition = jsonencode(output.buckets) == jsonencode({
      results = "my-count-http-sync-s3-results-eb805c6c3fdd"
      returns = "my-count-http-sync-s3-returns-eb805c6c3fdd"
      shuffle = "my-count-http-sync-s3-shuffle-eb805c6c3fdd"
    })
    error_message = "A bucket is named prefix-orchestration-role-account, hyphens for underscores."
  }

  assert {
    condition     = output.log_groups["mapper"] == "/aws/lambda/my-count-http_sync_s3-mapper"
    error_message = "A log group bears its function's name."
  }
}

run "the_longest_names_of_http_sync_s3_fit" {
  command = plan

  variables {
    orchestration = "http_sync_s3"
    prefix        = "a23456789-123456789-123"
  }

  assert {
    condition     = alltrue([for name in values(local.bucket_names) : length(name) <= 63]) && alltrue([for name in concat(values(output.functions), values(module.iam.role_names)) : length(name) <= 64])
    error_message = "Bucket names have at most 63 characters, function and role names 64."
  }
}

run "the_longest_names_of_s3_triggers_fit" {
  command = plan

  variables {
    orchestration = "s3_triggers"
    prefix        = "a23456789-123456789-123"
  }

  assert {
    condition     = alltrue([for name in values(local.bucket_names) : length(name) <= 63]) && alltrue([for name in concat(values(output.functions), values(module.iam.role_names)) : length(name) <= 64])
    error_message = "Bucket names have at most 63 characters, function and role names 64."
  }
}

run "the_longest_names_of_dynamodb_triggers_fit" {
  command = plan

  variables {
    orchestration = "dynamodb_triggers"
    prefix        = "a23456789-123456789-123"
  }

  assert {
    condition     = alltrue([for name in values(local.bucket_names) : length(name) <= 63]) && alltrue([for name in concat(values(output.functions), values(module.iam.role_names)) : length(name) <= 64])
    error_message = "Bucket names have at most 63 characters, function and role names 64."
  }
}

run "distributed_map_has_permissions_of_its_own" {
  command = plan

  variables {
    orchestration = "sfn"
    sfn_map_mode  = "DISTRIBUTED"
  }

  assert {
    condition     = output.deployment.sfn_map_mode == "DISTRIBUTED"
    error_message = "The deployment record says which Map it has, since the client starts them differently."
  }

  assert {
    condition = jsonencode(flatten([for statement in jsondecode(module.sfn[0].policy).Statement : statement.Action])) == jsonencode([
      "lambda:InvokeFunction", "states:StartExecution", "states:DescribeExecution", "states:StopExecution",
      "states:RedriveExecution", "s3:GetObject",
    ])
    error_message = "A Distributed Map starts, watches, stops and redrives its children and reads its input."
  }
}

run "a_logging_state_machine_has_a_log_group" {
  command = plan

  variables {
    orchestration = "sfn"
    sfn_log_level = "ERROR"
  }

  assert {
    condition     = module.sfn[0].log_group_name == "/aws/vendedlogs/states/wordcount-sfn"
    error_message = "With a log level the state machine has a log group."
  }
}

run "single_functions_can_be_set_apart" {
  command = plan

  variables {
    orchestration        = "sfn"
    memory_mb            = 1024
    reserved_concurrency = 50
    function_overrides   = { mapper = { memory_mb = 1769, timeout_seconds = 900, reserved_concurrency = -1 } }
  }

  assert {
    condition     = jsonencode(local.settings["mapper"]) == jsonencode({ memory_mb = 1769, reserved_concurrency = -1, timeout_seconds = 900 })
    error_message = "An override wins over the variable that goes for all."
  }

  assert {
    condition     = jsonencode(local.settings["reducer"]) == jsonencode({ memory_mb = 1024, reserved_concurrency = 50, timeout_seconds = 300 })
    error_message = "A function without an override has what goes for all."
  }

  assert {
    condition     = jsonencode(local.settings["recorder"]) == jsonencode({ memory_mb = 256, reserved_concurrency = -1, timeout_seconds = 30 })
    error_message = "The recorder of failures is small and not held back by a reservation."
  }
}

run "pairs_travel_as_objects_unless_asked_for_otherwise" {
  command = plan

  variables {
    orchestration = "sfn"
  }

  assert {
    condition     = output.shuffle == "objects" && output.deployment.shuffle == "objects" && module.function["mapper"].environment.SHUFFLE == "objects"
    error_message = "The mission's layout is the default."
  }

  assert {
    condition     = jsonencode(output.deployment.memory_mb) == jsonencode({ recorder = 256, mapper = 512, partition = 512, reducer = 512, summary = 1024 })
    error_message = "Only summary, which holds the whole result, has more than 512 MB."
  }
}

run "packed_pairs_are_computed_on_a_whole_processor" {
  command = plan

  variables {
    orchestration     = "http_sync_s3"
    shuffle           = "packed"
    shuffle_memory_mb = 32
  }

  assert {
    condition     = output.shuffle == "packed" && output.deployment.shuffle == "packed"
    error_message = "The client is told which layout goes for a run that asks for none."
  }

  assert {
    condition     = jsonencode({ for function, deployed in module.function : function => lookup(deployed.environment, "SHUFFLE", null) }) == jsonencode({ recorder = null, mapper = "packed", partition = null, reducer = null, summary = null, unum_map = null })
    error_message = "The mapper alone is told the layout; it tells those after it."
  }

  assert {
    condition     = jsonencode({ for function, deployed in module.function : function => lookup(deployed.environment, "SHUFFLE_MEMORY_MB", null) if contains(keys(deployed.environment), "SHUFFLE_MEMORY_MB") }) == jsonencode({ mapper = "32" })
    error_message = "The mapper alone is told how much it may collect."
  }

  assert {
    condition     = jsonencode(output.deployment.memory_mb) == jsonencode({ recorder = 256, mapper = 1769, partition = 512, reducer = 1769, summary = 1024, unum_map = 512 })
    error_message = "Mappers and reducers of packed pairs compute, so that they get one vCPU."
  }
}

run "another_region_of_the_account_has_buckets_and_roles_of_its_own" {
  command = plan

  variables {
    orchestration = "sfn"
    region        = "eu-west-1"
  }

  assert {
    condition     = output.buckets.results == "wordcount-sfn-results-8365695b0947" && module.sfn[0].role_name == "wordcount-sfn-states-8365695b0947"
    error_message = "Names that regions share end in what stands for account and region."
  }

  assert {
    condition     = jsonencode(module.iam.role_names) == jsonencode({ for function in keys(module.function) : function => "wordcount-sfn-${function}-8365695b0947" })
    error_message = "Each role's name ends in what stands for account and region."
  }

  assert {
    condition     = output.functions.mapper == "wordcount-sfn-mapper"
    error_message = "Functions are each region's own, and need no such ending."
  }
}
