# What a bucket and a function are made with.

mock_provider "aws" {
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
    layer_arn            = "arn:aws:lambda:us-east-1:123456789012:layer:wordcount-sfn-dependencies:1"
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
    functions    = { failure = "f", mapper = "m", reducer = "r", summary = "s" }
    failure_arn  = "arn:aws:lambda:us-east-1:123456789012:function:f"
    self_callers = ["mapper"]
  }

  assert {
    condition     = jsonencode({ for function, config in aws_lambda_function_recursion_config.this : config.function_name => config.recursive_loop }) == jsonencode({ m = "Allow" })
    error_message = "Loop detection is off for the functions named, and for no other."
  }

  assert {
    condition = jsonencode({
      for function, config in aws_lambda_function_event_invoke_config.this :
      function => [config.maximum_retry_attempts, config.destination_config[0].on_failure[0].destination]
      }) == jsonencode({
      for function in ["mapper", "reducer", "summary"] : function => [2, "arn:aws:lambda:us-east-1:123456789012:function:f"]
    })
    error_message = "Every function but the recorder is retried twice and then handed to the recorder."
  }
}
