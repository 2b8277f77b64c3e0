# What a bucket and a function are made with.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "credentials"
  source = "./tests/mocks"
}

run "a_bucket_is_private_encrypted_and_tls_only" {
  command = plan

  module {
    source = "./modules/buckets"
  }

  variables {
    name          = "wordcount-sfn-shuffle-123456789012"
    arn           = "arn:aws:s3:::wordcount-sfn-shuffle-123456789012"
    expiry_days   = 7
    cleanup       = true
    tls_only      = true
    force_destroy = false
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.block_public_acls, aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls, aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "All four public access blocks are on."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "Objects are encrypted with keys that S3 manages."
  }

  assert {
    condition     = one(aws_s3_bucket_ownership_controls.this.rule).object_ownership == "BucketOwnerEnforced"
    error_message = "The bucket's owner owns every object; access lists are off."
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.this[0].policy).Statement == [{
      Action    = "s3:*"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
      Effect    = "Deny"
      Principal = "*"
      Resource  = ["arn:aws:s3:::wordcount-sfn-shuffle-123456789012", "arn:aws:s3:::wordcount-sfn-shuffle-123456789012/*"]
      Sid       = "RefuseRequestsWithoutTls"
    }]
    error_message = "Requests without TLS are refused, for the bucket and for everything in it."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this[0].rule[1].expiration[0].days == 7
    error_message = "Intermediate objects expire after the given days."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this[0].rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 1
    error_message = "Incomplete uploads are given up after a day."
  }

  assert {
    condition     = aws_s3_bucket.this.force_destroy == false
    error_message = "A bucket with objects in it outlives its deployment unless told otherwise."
  }
}

run "results_are_kept" {
  command = plan

  module {
    source = "./modules/buckets"
  }

  variables {
    name          = "wordcount-sfn-results-123456789012"
    arn           = "arn:aws:s3:::wordcount-sfn-results-123456789012"
    expiry_days   = null
    cleanup       = true
    tls_only      = true
    force_destroy = false
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this[0].rule) == 1
    error_message = "Without days there is no expiry, only the giving up of incomplete uploads."
  }
}

run "a_bucket_name_that_s3_refuses_is_refused_here" {
  command = plan

  module {
    source = "./modules/buckets"
  }

  variables {
    name          = "wordcount-http-sync-s3-with-a-name-that-is-much-longer-than-allowed"
    arn           = "arn:aws:s3:::x"
    cleanup       = false
    tls_only      = false
    force_destroy = false
  }

  expect_failures = [var.name]
}

run "a_function_logs_json_to_its_own_group" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    name                 = "wordcount-sfn-mapper"
    description          = "A function under test."
    handler              = "runtime.orchestration.entry.lambda_handler"
    zip_path             = "tests/mocks/aws.tfmock.hcl"
    code_bucket          = "wordcount-sfn-code-123456789012"
    layer_arns           = ["arn:aws:lambda:us-east-1:123456789012:layer:wordcount-sfn-dependencies:1"]
    role_arn             = "arn:aws:iam::123456789012:role/wordcount-sfn-mapper"
    architecture         = "arm64"
    python_version       = "3.13"
    memory_mb            = 512
    timeout_seconds      = 300
    reserved_concurrency = -1
    environment          = { FUNCTION = "mapper" }
    log_group_name       = "/aws/lambda/wordcount-sfn-mapper"
    log_retention_days   = 14
  }

  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_format == "JSON" && aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/wordcount-sfn-mapper"
    error_message = "Log lines are JSON, in the group that Terraform made."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 14
    error_message = "Log lines are kept for the given days."
  }

  assert {
    condition     = aws_lambda_function.this.runtime == "python3.13" && jsonencode(aws_lambda_function.this.architectures) == jsonencode(["arm64"])
    error_message = "A function runs on the Python and the processor that the layer was built for."
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("tests/mocks/aws.tfmock.hcl")
    error_message = "A function is updated when, and only when, the bytes of its zip change."
  }
}

run "waiting_functions_alone_may_loop" {
  command = plan

  module {
    source = "./modules/http_sync_s3"
  }

  variables {
    functions    = { recorder = "f", mapper = "m", reducer = "r", summary = "s" }
    recorder_arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
    self_callers = ["mapper"]
  }

  assert {
    condition     = jsonencode({ for function, config in aws_lambda_function_recursion_config.this : config.function_name => config.recursive_loop }) == jsonencode({ m = "Allow" })
    error_message = "Loop detection is off for the functions named, and for no other."
  }
}

run "final_failures_go_to_the_recorder" {
  command = plan

  module {
    source = "./modules/final_failures"
  }

  variables {
    functions    = { mapper = "m", reducer = "r" }
    recorder_arn = "arn:aws:lambda:us-east-1:123456789012:function:f"
  }

  assert {
    condition = jsonencode({
      for function, config in aws_lambda_function_event_invoke_config.this :
      function => [config.function_name, config.maximum_retry_attempts, config.destination_config[0].on_failure[0].destination]
      }) == jsonencode({
      mapper  = ["m", 2, "arn:aws:lambda:us-east-1:123456789012:function:f"]
      reducer = ["r", 2, "arn:aws:lambda:us-east-1:123456789012:function:f"]
    })
    error_message = "A failed asynchronous invocation is retried twice and then handed to the recorder."
  }
}

run "values_alone_trigger_and_only_from_the_own_bucket" {
  command = plan

  module {
    source = "./modules/s3_triggers"
  }

  variables {
    triggers    = { "mapper-input" = "mapper", "mapper-output" = "partition" }
    buckets     = { "mapper-input" = "wordcount-mapper-input", "mapper-output" = "wordcount-mapper-output" }
    bucket_arns = { "mapper-input" = "arn:aws:s3:::wordcount-mapper-input", "mapper-output" = "arn:aws:s3:::wordcount-mapper-output", results = "arn:aws:s3:::r" }
    functions   = { mapper = "m", partition = "p", recorder = "f" }
    account_id  = "123456789012"
    function_arns = {
      mapper    = "arn:aws:lambda:us-east-1:123456789012:function:m"
      partition = "arn:aws:lambda:us-east-1:123456789012:function:p"
      recorder  = "arn:aws:lambda:us-east-1:123456789012:function:f"
    }
  }

  assert {
    condition = jsonencode([
      for notification in values(aws_s3_bucket_notification.this) : [
        notification.bucket,
        [for rule in notification.lambda_function : [rule.lambda_function_arn, rule.events, rule.filter_prefix, rule.filter_suffix]],
      ]
      ]) == jsonencode([
      ["wordcount-mapper-input", [["arn:aws:lambda:us-east-1:123456789012:function:m", ["s3:ObjectCreated:*"], null, ".json"]]],
      ["wordcount-mapper-output", [["arn:aws:lambda:us-east-1:123456789012:function:p", ["s3:ObjectCreated:*"], null, ".json"]]],
    ])
    error_message = "Each bucket has one notification, with one rule: a new object whose name ends in .json invokes the function that is next."
  }

  assert {
    condition = jsonencode([
      for permission in values(aws_lambda_permission.this) :
      [permission.function_name, permission.action, permission.principal, permission.source_arn, permission.source_account]
      ]) == jsonencode([
      ["m", "lambda:InvokeFunction", "s3.amazonaws.com", "arn:aws:s3:::wordcount-mapper-input", "123456789012"],
      ["p", "lambda:InvokeFunction", "s3.amazonaws.com", "arn:aws:s3:::wordcount-mapper-output", "123456789012"],
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
    triggers               = { "mapper-input" = "mapper" }
    tables                 = { "mapper-input" = "wordcount-mapper-input", results = "wordcount-results" }
    functions              = { mapper = "wordcount-mapper", recorder = "wordcount-recorder" }
    recorder_arn           = "arn:aws:lambda:us-east-1:123456789012:function:wordcount-recorder"
    given_up_bucket        = "wordcount-given-up"
    given_up_bucket_arn    = "arn:aws:s3:::wordcount-given-up"
    account_id             = "123456789012"
    point_in_time_recovery = false
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
        responses   = mapping.function_response_types
        retries     = mapping.maximum_retry_attempts
        start       = mapping.starting_position
      }
      }) == jsonencode({
      "mapper-input" = {
        age         = 86400
        batch       = 1
        bisect      = true
        destination = "arn:aws:s3:::wordcount-given-up"
        function    = "wordcount-mapper"
        parallel    = 10
        responses   = ["ReportBatchItemFailures"]
        retries     = 5
        start       = "TRIM_HORIZON"
      }
    })
    error_message = "A stream is read from its start, one item per invocation, ten at once from a shard, five times at most."
  }

  assert {
    condition = jsonencode([
      for filter in one(aws_lambda_event_source_mapping.this["mapper-input"].filter_criteria).filter : jsondecode(filter.pattern)
    ]) == jsonencode([{ dynamodb = { NewImage = { To = { S = ["mapper"] } } }, eventName = ["INSERT"] }])
    error_message = "A function is invoked for new items whose To is its name, and for nothing else."
  }

  assert {
    condition = jsonencode({
      for role, table in aws_dynamodb_table.this : role => [table.name, table.stream_enabled ? table.stream_view_type : "none"]
      }) == jsonencode({
      "mapper-input" = ["wordcount-mapper-input", "NEW_IMAGE"]
      results        = ["wordcount-results", "none"]
    })
    error_message = "A table that triggers a function has a stream of new images; the results have none."
  }

  assert {
    condition = alltrue([
      for table in values(aws_dynamodb_table.this) :
      table.billing_mode == "PAY_PER_REQUEST" && table.hash_key == "Key" && table.range_key == null &&
      one(table.ttl).enabled && one(table.ttl).attribute_name == "Expires"
    ])
    error_message = "A table is paid by request, keyed so that a run spreads over all partitions, and emptied by Expires."
  }

  assert {
    condition     = alltrue([for table in values(aws_dynamodb_table.this) : length(table.server_side_encryption) == 0])
    error_message = "Tables are encrypted with the key that AWS owns: any other is in KMS, whose requests are billed."
  }

  assert {
    condition     = alltrue([for table in values(aws_dynamodb_table.this) : !one(table.point_in_time_recovery).enabled && !table.deletion_protection_enabled])
    error_message = "Temporary items are not backed up unless asked for, and a deployment can be destroyed."
  }

  assert {
    condition = jsonencode([
      for rule in aws_s3_bucket_notification.given_up.lambda_function :
      [aws_s3_bucket_notification.given_up.bucket, rule.lambda_function_arn, rule.events, rule.filter_prefix, rule.filter_suffix]
      ]) == jsonencode([
      ["wordcount-given-up", "arn:aws:lambda:us-east-1:123456789012:function:wordcount-recorder", ["s3:ObjectCreated:*"], "aws/lambda/", null],
    ])
    error_message = "What Lambda leaves in the bucket, under a name of its own making, invokes the recorder of failures."
  }

  assert {
    condition = jsonencode([
      for permission in [aws_lambda_permission.given_up] :
      [permission.function_name, permission.action, permission.principal, permission.source_arn, permission.source_account]
      ]) == jsonencode([
      ["wordcount-recorder", "lambda:InvokeFunction", "s3.amazonaws.com", "arn:aws:s3:::wordcount-given-up", "123456789012"],
    ])
    error_message = "S3 may invoke the recorder for that one bucket, as long as it is this account's."
  }
}

run "backups_of_tables_can_be_asked_for" {
  command = plan

  module {
    source = "./modules/dynamodb_triggers"
  }

  variables {
    triggers               = {}
    tables                 = { results = "wordcount-results" }
    functions              = { recorder = "wordcount-recorder" }
    recorder_arn           = "arn:aws:lambda:us-east-1:123456789012:function:wordcount-recorder"
    given_up_bucket        = "wordcount-given-up"
    given_up_bucket_arn    = "arn:aws:s3:::wordcount-given-up"
    account_id             = "123456789012"
    point_in_time_recovery = true
  }

  assert {
    condition     = one(aws_dynamodb_table.this["results"].point_in_time_recovery).enabled
    error_message = "With point_in_time_recovery every table is backed up."
  }
}

run "executions_that_fail_by_themselves_are_recorded" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    name               = "wordcount-sfn"
    place              = "eb805c6c3fdd"
    arn                = "arn:aws:states:us-east-1:123456789012:stateMachine:wordcount-sfn"
    definition_path    = "none"
    map_mode           = "INLINE"
    map_concurrency    = 10
    function_arns      = { recorder = "arn:aws:lambda:us-east-1:123456789012:function:wordcount-sfn-recorder" }
    recorder           = "wordcount-sfn-recorder"
    returns_bucket     = "wordcount-sfn-returns"
    returns_bucket_arn = "arn:aws:s3:::wordcount-sfn-returns"
    log_level          = "OFF"
    log_retention_days = 7
  }

  assert {
    condition = jsonencode(jsondecode(aws_cloudwatch_event_rule.failed.event_pattern).detail) == jsonencode({
      stateMachineArn = ["arn:aws:states:us-east-1:123456789012:stateMachine:wordcount-sfn"]
      status          = ["FAILED", "TIMED_OUT"]
    })
    error_message = "EventBridge tells of this machine's executions alone, and not of those that somebody stopped."
  }

  assert {
    condition = jsonencode(jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition) == jsonencode({
      ArnLike      = { "aws:SourceArn" = ["arn:aws:states:us-east-1:123456789012:stateMachine:wordcount-sfn"] }
      StringEquals = { "aws:SourceAccount" = "123456789012" }
    })
    error_message = "Step Functions takes the role for this machine of this account alone."
  }

  assert {
    condition     = aws_cloudwatch_event_target.failed.rule == "wordcount-sfn-failed" && aws_cloudwatch_event_target.failed.arn == var.function_arns["recorder"]
    error_message = "The rule's target is the recorder of failures."
  }

  assert {
    condition     = aws_lambda_permission.failed.function_name == "wordcount-sfn-recorder" && aws_lambda_permission.failed.principal == "events.amazonaws.com"
    error_message = "EventBridge may invoke the recorder."
  }
}

run "both_maps_of_an_inline_machine_keep_to_the_concurrency" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    name            = "wordcount-sfn"
    place           = "eb805c6c3fdd"
    arn             = "arn:aws:states:us-east-1:123456789012:stateMachine:wordcount-sfn"
    definition_path = "../build/sfn/definition.INLINE.asl.json"
    map_mode        = "INLINE"
    map_concurrency = 7
    function_arns = {
      for function in ["mapper", "partition", "reducer", "summary", "recorder"] : function => "arn:aws:lambda:us-east-1:123456789012:function:wordcount-sfn-${function}"
    }
    recorder           = "wordcount-sfn-recorder"
    returns_bucket     = "wordcount-sfn-returns"
    returns_bucket_arn = "arn:aws:s3:::wordcount-sfn-returns"
    log_level          = "OFF"
    log_retention_days = 7
  }

  assert {
    condition     = jsonencode([for state in ["mapper-map", "reducer-map"] : jsondecode(aws_sfn_state_machine.this.definition).States[state].MaxConcurrency]) == "[7,7]"
    error_message = "Both Maps have so many items under way, and the definition has that as a number."
  }
}

run "both_maps_of_a_distributed_machine_keep_to_the_concurrency" {
  command = plan

  module {
    source = "./modules/sfn"
  }

  variables {
    name            = "wordcount-sfn"
    place           = "eb805c6c3fdd"
    arn             = "arn:aws:states:us-east-1:123456789012:stateMachine:wordcount-sfn"
    definition_path = "../build/sfn/definition.DISTRIBUTED.asl.json"
    map_mode        = "DISTRIBUTED"
    map_concurrency = 500
    function_arns = {
      for function in ["mapper", "partition", "reducer", "summary", "recorder"] : function => "arn:aws:lambda:us-east-1:123456789012:function:wordcount-sfn-${function}"
    }
    recorder           = "wordcount-sfn-recorder"
    returns_bucket     = "wordcount-sfn-returns"
    returns_bucket_arn = "arn:aws:s3:::wordcount-sfn-returns"
    log_level          = "OFF"
    log_retention_days = 7
  }

  assert {
    condition     = jsonencode([for state in ["mapper-map", "reducer-map"] : jsondecode(aws_sfn_state_machine.this.definition).States[state].MaxConcurrency]) == "[500,500]"
    error_message = "Both Maps have so many items under way, and the definition has that as a number."
  }

  assert {
    condition = jsonencode(jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition) == jsonencode({
      ArnLike      = { "aws:SourceArn" = [for end in ["", "/*"] : "arn:aws:states:us-east-1:123456789012:stateMachine:wordcount-sfn${end}"] }
      StringEquals = { "aws:SourceAccount" = "123456789012" }
    })
    error_message = "Step Functions takes the role for this machine and its Map Runs alone."
  }
}

run "overdue_runs_are_looked_for_every_few_minutes" {
  command = plan

  module {
    source = "./modules/keeper"
  }

  variables {
    name          = "wordcount-s3_triggers"
    rule_arn      = "arn:aws:events:us-east-1:123456789012:rule/wordcount-s3_triggers-sweep"
    recorder      = "wordcount-s3_triggers-recorder"
    recorder_arn  = "arn:aws:lambda:us-east-1:123456789012:function:wordcount-s3_triggers-recorder"
    sweep_minutes = 5
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this.schedule_expression == "rate(5 minutes)" && aws_cloudwatch_event_rule.this.event_pattern == null
    error_message = "The rule follows the clock and no event."
  }

  assert {
    condition     = aws_cloudwatch_event_target.this.rule == "wordcount-s3_triggers-sweep" && aws_cloudwatch_event_target.this.arn == var.recorder_arn
    error_message = "The rule's target is the recorder of failures."
  }

  assert {
    condition = (
      aws_lambda_permission.this.function_name == "wordcount-s3_triggers-recorder" &&
      aws_lambda_permission.this.principal == "events.amazonaws.com" &&
      aws_lambda_permission.this.source_arn == "arn:aws:events:us-east-1:123456789012:rule/${aws_cloudwatch_event_rule.this.name}"
    )
    error_message = "EventBridge may invoke the recorder, for this rule alone."
  }
}

run "one_minute_is_no_plural" {
  command = plan

  module {
    source = "./modules/keeper"
  }

  variables {
    name          = "wordcount-http_only"
    rule_arn      = "arn:aws:events:us-east-1:123456789012:rule/wordcount-http_only-sweep"
    recorder      = "wordcount-http_only-recorder"
    recorder_arn  = "arn:aws:lambda:us-east-1:123456789012:function:wordcount-http_only-recorder"
    sweep_minutes = 1
  }

  assert {
    condition     = output.schedule == "rate(1 minute)"
    error_message = "EventBridge refuses \"rate(1 minutes)\"."
  }
}
