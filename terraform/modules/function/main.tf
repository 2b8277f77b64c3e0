locals {
  # A missing file is reported by the root, in words.
  zip_hash = fileexists(var.zip_path) ? filebase64sha256(var.zip_path) : null
}

resource "aws_cloudwatch_log_group" "this" {
  name              = var.log_group_name
  retention_in_days = var.log_retention_days
}

# The zip goes by way of S3: the provider uploads zips given as files one after the other, waiting for each function in turn, and
# makes functions whose code lies in S3 all at once.
resource "aws_s3_object" "zip" {
  bucket       = var.code_bucket
  key          = "${var.name}.zip"
  source       = var.zip_path
  source_hash  = local.zip_hash
  content_type = "application/zip"
}

resource "aws_lambda_function" "this" {
  function_name                  = var.name
  description                    = var.description
  role                           = var.role_arn
  handler                        = var.handler
  s3_bucket                      = aws_s3_object.zip.bucket
  s3_key                         = aws_s3_object.zip.key
  source_code_hash               = local.zip_hash
  runtime                        = "python${var.python_version}"
  architectures                  = [var.architecture]
  layers                         = var.layer_arns
  memory_size                    = var.memory_mb
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = var.reserved_concurrency

  environment {
    variables = var.environment
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
  depends_on = [aws_cloudwatch_log_group.this]
}
