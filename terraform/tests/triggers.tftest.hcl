# What starts an orchestration's functions, and records their failures. The workflow is a chain: split, squares, total, describe.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  common   = jsondecode(file("tests/given.json")).common
  packages = jsondecode(file("tests/given.json")).packages
}

run "workflow" {
  module {
    source = "./modules/workflow"
  }

  variables {
    manifest = jsondecode(file("tests/workflows/chain.json"))
  }
}

run "values_alone_trigger_and_only_from_the_own_bucket" {
  command = plan

  module {
    source = "./modules/s3_triggers"
  }

  variables {
    workflow = run.workflow
  }

  assert {
    condition = jsonencode([
      for notification in values(aws_s3_bucket_notification.this) : [
        notification.bucket,
        [for rule in notification.lambda_function : [rule.lambda_function_arn, rule.events, rule.filter_prefix, rule.filter_suffix]],
      ]
      ]) == jsonencode([
      for stage, function in { "describe-input" = "describe", "split-input" = "split", "square-input" = "square", "square-output" = "total" } :
      ["wordcount-x-${stage}-eb805c6c3fdd", [["arn:aws:lambda:us-east-1:123456789012:function:wordcount-x-${function}", ["s3:ObjectCreated:*"], null, ".json"]]]
    ])
    error_message = "Each stage's bucket has one notification, with one rule: a new object whose name ends in .json invokes the function that takes it."
  }

  assert {
    condition = jsonencode([
      for permission in values(aws_lambda_permission.this) :
      [permission.function_name, permission.action, permission.principal, permission.source_arn, permission.source_account]
      ]) == jsonencode([
      for stage, function in { "describe-input" = "describe", "split-input" = "split", "square-input" = "square", "square-output" = "total" } :
      ["wordcount-x-${function}", "lambda:InvokeFunction", "s3.amazonaws.com", "arn:aws:s3:::wordcount-x-${stage}-eb805c6c3fdd", "123456789012"]
    ])
    error_message = "S3 may invoke a function for its one bucket, as long as that bucket is this account's."
  }
}

run "streams_invoke_for_new_items_that_are_addressed_to_the_function" {
  command = plan

  module {
    source = "./modules/dynamodb_triggers"
  }

  variables {
    workflow = run.workflow
  }

  assert {
    condition = jsonencode({
      for role, mapping in aws_lambda_event_source_mapping.this : role => {
        age         = mapping.maximum_record_age_in_seconds
        batch       = mapping.batch_size
        bisect      = mapping.bisect_batch_on_function_error
        destination = mapping.destination_config[0].on_failure[0].destination_arn
        function    = mapping.function_name
        parallel    = mapping.parallelization_factor
        pattern     = [for filter in one(mapping.filter_criteria).filter : jsondecode(filter.pattern)]
        responses   = mapping.function_response_types
        retries     = mapping.maximum_retry_attempts
        start       = mapping.starting_position
      }
      }) == jsonencode({
      for role, function in { "describe-input" = "describe", results = "recorder", "split-input" = "split", "square-input" = "square", "square-output" = "total" } : role => {
        age                                    = 86400
        batch                                  = 1
        bisect                                 = true
        destination                            = "arn:aws:s3:::wordcount-x-given-up-eb805c6c3fdd"
        function                               = "wordcount-x-${function}"
        parallel                               = 10
        pattern                                = [{ dynamodb = { NewImage = { To = { S = [function] } } }, eventName = ["INSERT"] }]
        responses                              = ["ReportBatchItemFailures"]
        retries                                = 5
        start                                  = "TRIM_HORIZON"
      }
    })
    error_message = "A stream is read from its start, one item per invocation, ten at once from a shard, five times at most, and only new items whose To is the function's name."
  }

  assert {
    condition = jsonencode([
      for rule in aws_s3_bucket_notification.given_up.lambda_function :
      [aws_s3_bucket_notification.given_up.bucket, rule.lambda_function_arn, rule.events, rule.filter_prefix, rule.filter_suffix]
      ]) == jsonencode([
      ["wordcount-x-given-up-eb805c6c3fdd", "arn:aws:lambda:us-east-1:123456789012:function:wordcount-x-recorder", ["s3:ObjectCreated:*"], "aws/lambda/", null],
    ])
    error_message = "What Lambda leaves in the bucket, under a name of its own making, invokes the recorder."
  }

  assert {
    condition = jsonencode([
      for permission in [aws_lambda_permission.given_up] :
      [permission.function_name, permission.action, permission.principal, permission.source_arn, permission.source_account]
      ]) == jsonencode([
      ["wordcount-x-recorder", "lambda:InvokeFunction", "s3.amazonaws.com", "arn:aws:s3:::wordcount-x-given-up-eb805c6c3fdd", "123456789012"],
    ])
    error_message = "S3 may invoke the recorder for that one bucket, as long as it is this account's."
  }
}

run "waiting_functions_alone_may_loop" {
  command = plan

  module {
    source = "./modules/http_sync_s3"
  }

  variables {
    workflow = run.workflow
  }

  assert {
    condition     = { for function, config in aws_lambda_function_recursion_config.this : config.function_name => config.recursive_loop } == { wordcount-x-square = "Allow" }
    error_message = "Loop detection is off for branches, which wait for each other, and for no other function."
  }
}

run "executions_that_fail_by_themselves_are_recorded" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    workflow = run.workflow
  }

  assert {
    condition = jsonencode(jsondecode(aws_cloudwatch_event_rule.failed.event_pattern).detail) == jsonencode({
      stateMachineArn = ["arn:aws:states:us-east-1:123456789012:stateMachine:wordcount-x"]
      status          = ["FAILED", "TIMED_OUT"]
    })
    error_message = "EventBridge tells of this machine's executions alone, and not of those that somebody stopped."
  }

  assert {
    condition     = aws_cloudwatch_event_target.failed.rule == "wordcount-x-failed" && aws_cloudwatch_event_target.failed.arn == "arn:aws:lambda:us-east-1:123456789012:function:wordcount-x-recorder"
    error_message = "The rule's target is the recorder."
  }

  assert {
    condition     = aws_lambda_permission.failed.function_name == "wordcount-x-recorder" && aws_lambda_permission.failed.principal == "events.amazonaws.com"
    error_message = "EventBridge may invoke the recorder."
  }

  assert {
    condition = jsonencode(jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition) == jsonencode({
      ArnLike      = { "aws:SourceArn" = ["arn:aws:states:us-east-1:123456789012:stateMachine:wordcount-x"] }
      StringEquals = { "aws:SourceAccount" = "123456789012" }
    })
    error_message = "Step Functions takes the role for this machine of this account alone."
  }

  assert {
    condition     = length(aws_cloudwatch_log_group.this) == 0
    error_message = "The machine logs nothing unless asked to."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States == { squares = { Type = "Map", MaxConcurrency = 10 }, failed = { Type = "Task", Resource = "arn:aws:lambda:us-east-1:123456789012:function:wordcount-x-recorder" } }
    error_message = "A Map has so many items under way, as a number, and the definition names deployed functions."
  }
}

run "a_distributed_map_runs_in_executions_of_the_same_machine" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    workflow = run.workflow
    settings = { map_mode = "DISTRIBUTED", map_concurrency = 500, log_level = "ERROR" }
  }

  assert {
    condition = jsonencode(jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition) == jsonencode({
      ArnLike      = { "aws:SourceArn" = [for end in ["", "/*"] : "arn:aws:states:us-east-1:123456789012:stateMachine:wordcount-x${end}"] }
      StringEquals = { "aws:SourceAccount" = "123456789012" }
    })
    error_message = "Step Functions takes the role for this machine and its Map Runs alone."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this[0].name == "/aws/vendedlogs/states/wordcount-x"
    error_message = "With a log level the machine has a log group."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.this.definition).States.squares.MaxConcurrency == 500
    error_message = "A Map has so many items under way."
  }
}
