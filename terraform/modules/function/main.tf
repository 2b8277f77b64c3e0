# One function with all that is its own: log group, code, role, policy, and where its final failures go.
locals {
  common    = var.common
  needs     = var.place.Needs
  overrides = lookup(local.common.function_overrides, var.place.Name, { memory_mb = null, timeout_seconds = null, reserved_concurrency = null })

  name      = "${local.common.name}-${var.place.Name}"
  role_name = "${local.name}-${local.common.place}"
  zip_path  = "${local.common.build_dir}/${var.place.Name}.zip"
  # A missing file is reported by the root, in words.
  zip_hash = fileexists(local.zip_path) ? filebase64sha256(local.zip_path) : null

  # What a component asks for depends on the layout of the shuffle: on one vCPU, functions that compute packed pairs cost the same
  # and end sooner, and those of objects wait for S3.
  memory_mb = coalesce(
    local.overrides.memory_mb, local.common.memory_mb,
    lookup(local.needs.memory_mb, local.common.shuffle, null), lookup(local.needs.memory_mb, "default", null), 512,
  )
  # A function that emits does so at the rate that S3 takes, which all that emit share. Nobody can tell how long that lasts, so it
  # gets what Lambda allows.
  timeout_seconds      = coalesce(local.overrides.timeout_seconds, var.timeout_seconds, local.common.timeout_seconds, local.needs.emits ? 900 : 300)
  reserved_concurrency = coalesce(local.overrides.reserved_concurrency, local.common.reserved_concurrency, -1)

  # What bounds a fan-out, and what was reserved: the lesser of the two.
  bounds = [for bound in [var.concurrency, local.reserved_concurrency] : bound if try(bound > 0, false)]
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${local.name}"
  retention_in_days = local.common.log_retention_days
}

# The zip goes by way of S3: the provider uploads zips given as files one after the other, waiting for each function in turn, and
# makes functions whose code lies in S3 all at once.
resource "aws_s3_object" "zip" {
  bucket       = var.packages.code_bucket
  key          = "${local.name}.zip"
  source       = local.zip_path
  source_hash  = local.zip_hash
  content_type = "application/zip"
}

resource "aws_lambda_function" "this" {
  function_name                  = local.name
  description                    = "${var.place.Name} of the ${local.common.orchestration} orchestration."
  role                           = aws_iam_role.this.arn
  handler                        = var.handler
  s3_bucket                      = aws_s3_object.zip.bucket
  s3_key                         = aws_s3_object.zip.key
  source_code_hash               = local.zip_hash
  runtime                        = "python${local.common.python_version}"
  architectures                  = [local.common.architecture]
  layers                         = concat(var.packages.layers, local.needs.user_code ? var.packages.job_layers : [])
  memory_size                    = local.memory_mb
  timeout                        = local.timeout_seconds
  reserved_concurrent_executions = local.reserved_concurrency

  environment {
    variables = merge(
      {
        ORCHESTRATION   = local.common.orchestration
        FUNCTION        = var.place.Name
        FUNCTION_PREFIX = "${local.common.name}-"
        TIMEOUT_SECONDS = tostring(local.timeout_seconds)
        BUCKETS         = jsonencode({ for role, bucket in var.buckets : role => bucket.name })
        TABLES          = jsonencode(var.tables)
      },
      local.needs.emits ? { SHUFFLE = local.common.shuffle } : {},
      local.needs.emits && local.common.shuffle_memory_mb != null ? { SHUFFLE_MEMORY_MB = tostring(local.common.shuffle_memory_mb) } : {},
      var.environment,
    )
  }

  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    application_log_level = "INFO"
    system_log_level      = "INFO"
  }

  # A function that logs before its group exists makes the group itself, without a retention, and the next apply then fails.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this, aws_iam_role_policy_attachment.s3_full_access]
}

# Lambda itself retries a failed asynchronous invocation and reports its final failure, also of one that was killed, timed out or
# ran out of memory.
resource "aws_lambda_function_event_invoke_config" "this" {
  count = var.recorder_arn == null ? 0 : 1

  function_name                = aws_lambda_function.this.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = var.recorder_arn
    }
  }
}
