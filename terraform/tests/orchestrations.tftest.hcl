# What each orchestration makes of the wordcount. One assertion holds for all of them, or has a table with a line for each.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "each_orchestration_has_what_it_needs_and_nothing_of_another" {
  command = plan

  module {
    source = "./tests/every"
  }

  assert {
    condition = { for orchestration, deployed in local.deployed : orchestration => join(" ", keys(deployed.functions)) } == {
      sfn               = "mapper partition recorder reducer summary"
      http_sync_s3      = "mapper partition recorder reducer summary unum_map"
      http_only         = "mapper partition recorder reducer summary unum_map"
      s3_triggers       = "mapper partition recorder reducer summary"
      dynamodb_triggers = "mapper partition recorder reducer summary"
    }
    error_message = "Beside the workflow's functions there is the recorder, and unum_map where a run begins with one invocation."
  }

  assert {
    condition = { for orchestration, deployed in local.deployed : orchestration => join(" ", keys(deployed.buckets)) } == {
      sfn               = "results returns shuffle"
      http_sync_s3      = "results returns shuffle"
      http_only         = "results returns shuffle"
      s3_triggers       = "mapper-input mapper-output reducer-input reducer-output results shuffle"
      dynamodb_triggers = "given_up results returns shuffle"
    }
    error_message = "All have a bucket for emitted pairs and one for results; the others are the orchestration's own."
  }

  assert {
    condition = { for orchestration, deployed in local.deployed : orchestration => join(" ", keys(deployed.tables)) } == {
      sfn = "", http_sync_s3 = "", http_only = "", s3_triggers = "", dynamodb_triggers = "mapper-input mapper-output reducer-input reducer-output results"
    }
    error_message = "Only dynamodb_triggers has tables, one for each stage and one for results."
  }

  assert {
    condition = { for orchestration, deployed in local.deployed : orchestration => join(" ", [for function, one in deployed.functions : function if one.final_failures != null]) } == {
      sfn = "", http_sync_s3 = "mapper partition reducer summary unum_map", http_only = "unum_map", s3_triggers = "mapper partition reducer summary", dynamodb_triggers = ""
    }
    error_message = "The final failure of every function that is invoked asynchronously goes to the recorder; of http_only that is the entry."
  }

  assert {
    condition = alltrue(flatten([
      for orchestration, deployed in local.deployed : [
        for one in values(deployed.functions) : one.final_failures == "arn:aws:lambda:us-east-1:123456789012:function:wordcount-${orchestration}-recorder" if one.final_failures != null
      ]
    ]))
    error_message = "It goes to the deployment's own recorder."
  }

  assert {
    condition = { for orchestration, deployed in local.deployed : orchestration => deployed.schedule } == {
      sfn = null, http_sync_s3 = "rate(5 minutes)", http_only = "rate(5 minutes)", s3_triggers = "rate(5 minutes)", dynamodb_triggers = "rate(5 minutes)"
    }
    error_message = "A state machine keeps the time of its executions itself; elsewhere nothing but a sweep notices that an event got lost."
  }

  assert {
    condition = jsonencode({ for orchestration, deployed in local.deployed : orchestration => deployed.record if orchestration != "sfn" }) == jsonencode({
      dynamodb_triggers = {}, http_only = {}, http_sync_s3 = { redis_url = null, return_store = "s3" }, s3_triggers = {}
    }) && module.sfn.deployed.record.sfn_map_mode == "INLINE"
    error_message = "The client is told the store of http_sync_s3 and the Map of sfn."
  }

  assert {
    condition = module.s3_triggers.deployed.triggers == module.dynamodb_triggers.deployed.triggers && module.s3_triggers.deployed.triggers == {
      "mapper-input" = "mapper", "mapper-output" = "partition", "reducer-input" = "reducer", "reducer-output" = "summary"
    }
    error_message = "Each stage triggers the function that takes from it."
  }

  assert {
    condition     = module.http_sync_s3.deployed.recursion_allowed == ["mapper", "reducer"]
    error_message = "Only branches may hand their waiting on to themselves."
  }

  assert {
    condition = { for orchestration, deployed in local.deployed : orchestration => { for function, one in deployed.functions : function => one.concurrency if one.concurrency != null } } == {
      sfn = { mapper = 10, reducer = 10 }, http_sync_s3 = {}, http_only = { mapper = 64, reducer = 64 }, s3_triggers = {}, dynamodb_triggers = {}
    }
    error_message = "An orchestrator bounds its fan-outs."
  }

  assert {
    condition = alltrue([
      for deployed in values(local.deployed) : alltrue([
        for function, one in deployed.functions : one.memory_mb == lookup({ summary = 1024, recorder = 256 }, function, 512)
      ])
    ])
    error_message = "Only summary, which holds the whole result, has more than 512 MB, and the recorder has less."
  }

  assert {
    condition = alltrue([
      for orchestration, deployed in local.deployed : alltrue([
        for function, one in deployed.functions : one.timeout_seconds == lookup({ mapper = 900, recorder = 30 }, function, 300)
      ]) if orchestration != "http_only"
    ])
    error_message = "How long a mapper emits depends on all the others, so it gets what Lambda allows; the recorder gets little."
  }
}

run "a_function_is_told_all_names_and_its_own_time" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    common = { function_overrides = { mapper = { timeout_seconds = 100 } } }
  }

  assert {
    condition = jsonencode(module.dynamodb_triggers.deployed.functions.mapper.environment) == jsonencode({
      BUCKETS         = jsonencode({ for role in ["given_up", "results", "returns", "shuffle"] : role => "wordcount-dynamodb-triggers-${replace(role, "_", "-")}-eb805c6c3fdd" })
      FUNCTION        = "mapper"
      FUNCTION_PREFIX = "wordcount-dynamodb_triggers-"
      ORCHESTRATION   = "dynamodb_triggers"
      SHUFFLE         = "objects"
      TABLES          = jsonencode({ for role in ["mapper-input", "mapper-output", "reducer-input", "reducer-output", "results"] : role => "wordcount-dynamodb_triggers-${role}" })
      TIMEOUT_SECONDS = "100"
    })
    error_message = "Each bucket and table is known by its role, and the time limit is the function's own."
  }

  assert {
    condition = { for orchestration, deployed in local.deployed : orchestration => { for name, value in deployed.functions.reducer.environment : name => value if length(regexall("^(FAN|RETURN|REDIS)", name)) > 0 } } == {
      sfn = {}, http_sync_s3 = { FAN_IN_WAIT_SECONDS = "3600", RETURN_STORE = "s3" }, http_only = { FAN_OUT_CONCURRENCY = "64" }, s3_triggers = {}, dynamodb_triggers = {}
    }
    error_message = "Only functions that wait know how long, or for how many."
  }
}

run "single_functions_can_be_set_apart" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    common = { memory_mb = 1024, reserved_concurrency = 50, function_overrides = { mapper = { memory_mb = 1769, timeout_seconds = 500, reserved_concurrency = -1 } } }
  }

  assert {
    condition = { for function, one in module.s3_triggers.deployed.functions : function => [one.memory_mb, one.timeout_seconds, one.reserved_concurrency] } == {
      mapper    = [1769, 500, -1]
      partition = [1024, 300, 50]
      recorder  = [256, 30, -1]
      reducer   = [1024, 300, 50]
      summary   = [1024, 300, 50]
    }
    error_message = "An override wins over the variable that goes for all, and no reservation holds the recorder back."
  }

  assert {
    condition     = module.sfn.deployed.functions.reducer.concurrency == 10 && module.s3_triggers.deployed.functions.reducer.concurrency == 50
    error_message = "What bounds a fan-out is the lesser of what the orchestration and the reservation allow."
  }
}

run "elsewhere_a_function_may_have_all_of_lambdas_time" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    common   = { timeout_seconds = 280 }
    settings = { sfn = { log_level = "ERROR" } }
  }

  assert {
    condition = alltrue([
      for orchestration, deployed in local.deployed : alltrue([for function, one in deployed.functions : one.timeout_seconds == (function == "recorder" ? 30 : 280)]) if orchestration != "http_only"
    ])
    error_message = "Where nobody waits for a function, its time limit is the one that is set."
  }

  assert {
    condition     = strcontains(module.sfn.deployed.policy, "logs:CreateLogDelivery")
    error_message = "A machine that logs may deliver its log."
  }
}

run "packed_pairs_are_computed_on_a_whole_processor" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    common = { shuffle = "packed", shuffle_memory_mb = 32 }
  }

  assert {
    condition     = { for function, one in module.http_sync_s3.deployed.functions : function => [for name in ["SHUFFLE", "SHUFFLE_MEMORY_MB"] : one.environment[name]] if can(one.environment.SHUFFLE) } == { mapper = ["packed", "32"] }
    error_message = "The function that emits alone is told the layout, and how much it may collect; it tells those after it."
  }

  assert {
    condition     = { for function, one in module.http_sync_s3.deployed.functions : function => one.memory_mb } == { mapper = 1769, partition = 512, recorder = 256, reducer = 1769, summary = 1024, unum_map = 512 }
    error_message = "Mappers and reducers of packed pairs compute, so that they get one vCPU."
  }
}

run "the_longest_names_fit" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    prefix   = "a23456789-123456789-123"
    settings = { http_sync_s3 = { return_store = "redis" } }
  }

  assert {
    condition = alltrue(flatten([
      for deployed in values(local.deployed) : concat(
        [for name in values(deployed.buckets) : length(name) <= 63],
        [for one in values(deployed.functions) : length(one.name) <= 64 && length(one.role_name) <= 64],
      )
    ]))
    error_message = "Bucket names have at most 63 characters, function and role names 64, and ElastiCache's 40."
  }

  assert {
    condition     = module.s3_triggers.deployed.functions.mapper.role_name == "a23456789-123456789-123-s3_triggers-mapper-eb805c6c3fdd" && module.s3_triggers.deployed.functions.mapper.log_group_name == "/aws/lambda/a23456789-123456789-123-s3_triggers-mapper"
    error_message = "A role's name ends in what stands for account and region; a log group bears its function's name."
  }
}
