# What each resource that all orchestrations share is made with. The workflow is a chain: split, squares, total, describe.

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

run "overdue_runs_are_looked_for_every_few_minutes" {
  command = plan

  module {
    source = "./modules/recorder"
  }

  variables {
    buckets = { results = { name = "wordcount-x-results", arn = "arn:aws:s3:::wordcount-x-results" } }
  }

  assert {
    condition     = aws_cloudwatch_event_rule.sweep[0].schedule_expression == "rate(5 minutes)" && aws_cloudwatch_event_rule.sweep[0].event_pattern == null
    error_message = "The rule follows the clock and no event."
  }

  assert {
    condition     = aws_cloudwatch_event_target.sweep[0].rule == "wordcount-x-sweep" && aws_cloudwatch_event_target.sweep[0].arn == output.arn
    error_message = "The rule's target is the recorder."
  }

  assert {
    condition = (
      aws_lambda_permission.sweep[0].function_name == "wordcount-x-recorder" &&
      aws_lambda_permission.sweep[0].principal == "events.amazonaws.com" &&
      aws_lambda_permission.sweep[0].source_arn == "arn:aws:events:us-east-1:123456789012:rule/${aws_cloudwatch_event_rule.sweep[0].name}"
    )
    error_message = "EventBridge may invoke the recorder, for this rule alone."
  }
}

run "one_minute_is_no_plural" {
  command = plan

  module {
    source = "./modules/recorder"
  }

  variables {
    common  = merge(var.common, { sweep_minutes = 1 })
    buckets = { results = { name = "wordcount-x-results", arn = "arn:aws:s3:::wordcount-x-results" } }
  }

  assert {
    condition     = output.schedule == "rate(1 minute)"
    error_message = "EventBridge refuses \"rate(1 minutes)\"."
  }
}
