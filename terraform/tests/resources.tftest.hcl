# What each resource is made with. The workflow is a chain: split, squares, total, describe.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  common = {
    orchestration          = "x"
    name                   = "wordcount-x"
    place                  = "eb805c6c3fdd"
    account_id             = "123456789012"
    region                 = "us-east-1"
    arn_prefix             = "arn:aws"
    endpoint_url           = null
    build_dir              = "tests/workflows"
    layer_dir              = "tests/workflows"
    architecture           = "arm64"
    python_version         = "3.13"
    shuffle                = "objects"
    shuffle_memory_mb      = null
    memory_mb              = null
    timeout_seconds        = null
    reserved_concurrency   = null
    function_overrides     = {}
    log_retention_days     = 14
    expiry_days            = 7
    force_destroy          = false
    point_in_time_recovery = false
    sweep_minutes          = 5
    s3_full_access         = false
  }
  packages = { code_bucket = "code", layers = ["arn:aws:lambda:us-east-1:123456789012:layer:dependencies:1"], job_layers = ["arn:aws:lambda:us-east-1:123456789012:layer:job:1"] }
}

run "workflow" {
  module {
    source = "./modules/workflow"
  }

  variables {
    manifest = jsondecode(file("tests/workflows/chain.json"))
  }
}

run "a_bucket_is_private_encrypted_and_tls_only" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    role = "given_up"
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
      Resource  = ["arn:aws:s3:::wordcount-x-given-up-eb805c6c3fdd", "arn:aws:s3:::wordcount-x-given-up-eb805c6c3fdd/*"]
      Sid       = "RefuseRequestsWithoutTls"
    }]
    error_message = "Requests without TLS are refused, for the bucket and for everything in it."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.this[0].rule[0].abort_incomplete_multipart_upload[0].days_after_initiation == 1 && aws_s3_bucket_lifecycle_configuration.this[0].rule[1].expiration[0].days == 7
    error_message = "Incomplete uploads are given up after a day, and intermediate objects expire after the given days."
  }

  assert {
    condition     = aws_s3_bucket.this.force_destroy == false && output.name == "wordcount-x-given-up-eb805c6c3fdd"
    error_message = "A bucket with objects in it outlives its deployment unless told otherwise; its name has hyphens alone."
  }
}

run "results_are_kept" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    role  = "results"
    keeps = true
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this[0].rule) == 1
    error_message = "A bucket that keeps its objects has no expiry, only the giving up of incomplete uploads."
  }
}

run "a_bucket_name_that_s3_refuses_is_refused_here" {
  command = plan

  module {
    source = "./modules/bucket"
  }

  variables {
    role = "a-role-with-a-name-that-is-longer-than-allowed"
  }

  expect_failures = [aws_s3_bucket.this]
}

run "a_function_logs_json_to_its_own_group" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    place        = run.workflow.places.square
    buckets      = { results = { name = "wordcount-x-results", arn = "arn:aws:s3:::wordcount-x-results" } }
    grants       = []
    recorder_arn = "arn:aws:lambda:us-east-1:123456789012:function:wordcount-x-recorder"
  }

  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_format == "JSON" && aws_lambda_function.this.logging_config[0].log_group == "/aws/lambda/wordcount-x-square" && aws_cloudwatch_log_group.this.retention_in_days == 14
    error_message = "Log lines are JSON, in the group that Terraform made, and are kept for the given days."
  }

  assert {
    condition     = aws_lambda_function.this.runtime == "python3.13" && jsonencode(aws_lambda_function.this.architectures) == jsonencode(["arm64"])
    error_message = "A function runs on the Python and the processor that the layer was built for."
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("tests/workflows/square.zip") && aws_s3_object.zip.source_hash == aws_lambda_function.this.source_code_hash
    error_message = "A function is updated when, and only when, the bytes of its zip change."
  }

  assert {
    condition     = jsonencode(aws_lambda_function.this.layers) == jsonencode(var.packages.layers)
    error_message = "A function without user code has no packages of a job's."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.this[0].maximum_retry_attempts == 2 && output.final_failures == var.recorder_arn
    error_message = "A failed asynchronous invocation is retried twice and then handed to the recorder."
  }
}

run "packages_of_a_job_are_there_for_user_code" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    place   = merge(run.workflow.places.square, { Needs = merge(run.workflow.places.square.Needs, { user_code = true }) })
    buckets = { results = { name = "wordcount-x-results", arn = "arn:aws:s3:::wordcount-x-results" } }
    grants  = []
  }

  assert {
    condition     = jsonencode(aws_lambda_function.this.layers) == jsonencode(concat(var.packages.layers, var.packages.job_layers))
    error_message = "Packages that a job asks for come after those of all functions."
  }
}

run "a_role_name_that_iam_refuses_is_refused_here" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    place   = merge(run.workflow.places.square, { Name = "a_function_with_a_name_that_is_longer_than_it_may" })
    buckets = { results = { name = "wordcount-x-results", arn = "arn:aws:s3:::wordcount-x-results" } }
    grants  = []
  }

  expect_failures = [aws_iam_role.this]
}

run "a_table_is_paid_by_request_and_empties_itself" {
  command = plan

  module {
    source = "./modules/table"
  }

  variables {
    role   = "square-input"
    stream = true
  }

  assert {
    condition     = aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.this.hash_key == "Key" && aws_dynamodb_table.this.range_key == null && one(aws_dynamodb_table.this.ttl).enabled && one(aws_dynamodb_table.this.ttl).attribute_name == "Expires"
    error_message = "A table is paid by request, keyed so that a run spreads over all partitions, and emptied by Expires."
  }

  assert {
    condition     = aws_dynamodb_table.this.stream_view_type == "NEW_IMAGE" && output.arn == "arn:aws:dynamodb:us-east-1:123456789012:table/wordcount-x-square-input"
    error_message = "A table that triggers a function has a stream of new images."
  }

  assert {
    condition     = length(aws_dynamodb_table.this.server_side_encryption) == 0
    error_message = "Tables are encrypted with the key that AWS owns: any other is in KMS, whose requests are billed."
  }

  assert {
    condition     = !one(aws_dynamodb_table.this.point_in_time_recovery).enabled && !aws_dynamodb_table.this.deletion_protection_enabled
    error_message = "Temporary items are not backed up unless asked for, and a deployment can be destroyed."
  }
}

run "backups_of_tables_can_be_asked_for" {
  command = plan

  module {
    source = "./modules/table"
  }

  variables {
    role   = "returns"
    common = merge(var.common, { point_in_time_recovery = true })
  }

  assert {
    condition     = one(aws_dynamodb_table.this.point_in_time_recovery).enabled && aws_dynamodb_table.this.stream_enabled == null
    error_message = "With point_in_time_recovery every table is backed up; nothing listens unless asked to."
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

run "overdue_runs_are_looked_for_every_few_minutes" {
  command = plan

  module {
    source = "./modules/keeper"
  }

  variables {
    recorder = { name = "wordcount-x-recorder", arn = "arn:aws:lambda:us-east-1:123456789012:function:wordcount-x-recorder" }
  }

  assert {
    condition     = aws_cloudwatch_event_rule.this.schedule_expression == "rate(5 minutes)" && aws_cloudwatch_event_rule.this.event_pattern == null
    error_message = "The rule follows the clock and no event."
  }

  assert {
    condition     = aws_cloudwatch_event_target.this.rule == "wordcount-x-sweep" && aws_cloudwatch_event_target.this.arn == var.recorder.arn
    error_message = "The rule's target is the recorder."
  }

  assert {
    condition = (
      aws_lambda_permission.this.function_name == "wordcount-x-recorder" &&
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
    common   = merge(var.common, { sweep_minutes = 1 })
    recorder = { name = "wordcount-x-recorder", arn = "arn:aws:lambda:us-east-1:123456789012:function:wordcount-x-recorder" }
  }

  assert {
    condition     = output.schedule == "rate(1 minute)"
    error_message = "EventBridge refuses \"rate(1 minutes)\"."
  }
}
