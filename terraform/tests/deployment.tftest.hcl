# What the root makes of the orchestration that it is asked for, and what it tells the client.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "credentials"
  source = "./tests/mocks"
}

run "the_client_is_told_all_that_it_needs" {
  command = plan

  variables {
    orchestration = "dynamodb_triggers"
    prefix        = "my-count"
  }

  assert {
    condition = jsonencode({ for field, value in output.deployment : field => value if !contains(["sources", "workflow", "log_groups"], field) }) == jsonencode({
      account_id        = "123456789012"
      buckets           = { for role in ["given_up", "results", "returns", "shuffle"] : role => "my-count-dynamodb-triggers-${replace(role, "_", "-")}-eb805c6c3fdd" }
      concurrency       = {}
      endpoint_url      = null
      functions         = { for function in ["mapper", "partition", "recorder", "reducer", "summary"] : function => "my-count-dynamodb_triggers-${function}" }
      input_buckets     = []
      job               = null
      memory_mb         = { mapper = 512, partition = 512, recorder = 256, reducer = 512, summary = 1024 }
      orchestration     = "dynamodb_triggers"
      output_buckets    = []
      prefix            = "my-count"
      redis_url         = null
      region            = "us-east-1"
      return_store      = null
      sfn_map_mode      = null
      shuffle           = "objects"
      state_machine_arn = null
      sweep_minutes     = 5
      tables            = { for role in ["mapper-input", "mapper-output", "reducer-input", "reducer-output", "results"] : role => "my-count-dynamodb_triggers-${role}" }
      timeout_seconds   = 300
      timeouts          = { mapper = 900, partition = 300, recorder = 30, reducer = 300, summary = 300 }
    })
    error_message = "What an orchestration doesn't have is null in its deployment record."
  }

  assert {
    condition     = output.deployment.sources == file(local.sources_path)
    error_message = "The deployment says what its packages were made from."
  }

  assert {
    condition     = jsonencode(output.deployment.workflow) == jsonencode({ name = "wordcount", input = "chunks", functions = [for place in local.workflow.functions : { for field, value in place : field => value if field != "Needs" }] })
    error_message = "The deployment says who follows whom, and nothing of what components need of AWS."
  }
}

run "another_region_of_the_account_has_buckets_and_roles_of_its_own" {
  command = plan

  variables {
    orchestration = "sfn"
    region        = "eu-west-1"
    sfn           = { map_mode = "DISTRIBUTED", map_concurrency = 500 }
  }

  assert {
    condition     = output.buckets.results == "wordcount-sfn-results-8365695b0947"
    error_message = "Names of buckets end in what stands for account and region."
  }

  assert {
    condition     = alltrue([for function, one in module.sfn[0].deployed.functions : one.role_name == "wordcount-sfn-${function}-8365695b0947" && one.name == "wordcount-sfn-${function}"])
    error_message = "Each role's name ends in it, too; functions are each region's own, and need no such ending."
  }

  assert {
    condition     = output.deployment.sfn_map_mode == "DISTRIBUTED" && output.deployment.concurrency == { mapper = 500, reducer = 500 }
    error_message = "The client is told which Map the machine has, and how wide it is."
  }
}
