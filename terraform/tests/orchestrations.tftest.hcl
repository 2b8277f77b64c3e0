# Each orchestration makes exactly its own resources and none of another one's. Plans only; needs what make package builds.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "sfn_is_a_state_machine_over_five_functions" {
  command = plan

  variables {
    orchestration = "sfn"
  }

  assert {
    condition     = jsonencode(keys(module.function)) == jsonencode(["failure", "mapper", "partition", "reducer", "summary"])
    error_message = "sfn deploys mapper, partition, reducer, summary and failure, and no unum_map."
  }

  assert {
    condition     = length(module.sfn) == 1 && length(module.http_sync_s3) == 0
    error_message = "sfn has a state machine and nothing of http_sync_s3."
  }

  assert {
    condition     = output.deployment.sfn_map_mode == "INLINE"
    error_message = "The Map is INLINE unless asked for otherwise."
  }

  assert {
    condition     = module.sfn[0].log_group_name == null
    error_message = "The state machine logs nothing unless asked to."
  }

  assert {
    condition     = !contains(keys(local.orchestration.environment), "FAN_IN_WAIT_SECONDS")
    error_message = "Only orchestrations whose functions wait know how long."
  }
}

run "http_sync_s3_is_functions_that_call_each_other" {
  command = plan

  variables {
    orchestration = "http_sync_s3"
  }

  assert {
    condition     = jsonencode(keys(module.function)) == jsonencode(["failure", "mapper", "partition", "reducer", "summary", "unum_map"])
    error_message = "http_sync_s3 deploys unum_map, mapper, partition, reducer, summary and failure."
  }

  assert {
    condition     = length(module.sfn) == 0 && length(module.http_sync_s3) == 1
    error_message = "http_sync_s3 has no state machine."
  }

  assert {
    condition     = output.deployment.state_machine_arn == null && output.deployment.sfn_map_mode == null
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
      results = "my-count-http-sync-s3-results-123456789012"
      returns = "my-count-http-sync-s3-returns-123456789012"
      shuffle = "my-count-http-sync-s3-shuffle-123456789012"
    })
    error_message = "A bucket is named prefix-orchestration-role-account, hyphens for underscores."
  }

  assert {
    condition     = output.log_groups["mapper"] == "/aws/lambda/my-count-http_sync_s3-mapper"
    error_message = "A log group bears its function's name."
  }
}

run "the_longest_names_fit" {
  command = plan

  variables {
    orchestration = "http_sync_s3"
    prefix        = "a23456789-123456789-1234"
  }

  assert {
    condition     = alltrue([for name in values(local.bucket_names) : length(name) <= 63]) && alltrue([for name in values(output.functions) : length(name) <= 64])
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
      "lambda:InvokeFunction", "states:StartExecution", "states:DescribeExecution", "states:StopExecution", "s3:GetObject",
    ])
    error_message = "A Distributed Map starts, watches and stops its children and reads its input."
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
    condition     = jsonencode(local.settings["failure"]) == jsonencode({ memory_mb = 256, reserved_concurrency = -1, timeout_seconds = 30 })
    error_message = "The recorder of failures is small and not held back by a reservation."
  }
}
