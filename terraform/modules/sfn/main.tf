locals {
  account_id = split(":", var.arn)[4]

  # A missing file is reported by the root, in words; a placeholder that nothing fills in, by templatefile. What a template fills in
  # is text, and the Maps' concurrency is a number.
  filled_in  = fileexists(var.definition_path) ? templatefile(var.definition_path, { function_arns = var.function_arns, returns_bucket = var.returns_bucket, map_concurrency = "map_concurrency" }) : "{}"
  definition = replace(local.filled_in, "\"map_concurrency\"", tostring(var.map_concurrency))
}

resource "aws_iam_role" "this" {
  name        = "${var.name}-states-${var.place}"
  description = "What the state machine ${var.name} may do."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "StepFunctionsRunsTheMachineWithThisRole"
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # Step Functions works for every account: it may take this role for this machine alone, and for its Map Runs.
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnLike      = { "aws:SourceArn" = var.map_mode == "DISTRIBUTED" ? [var.arn, "${var.arn}/*"] : [var.arn] }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "states"
  role   = aws_iam_role.this.name
  policy = local.policy
}

resource "aws_cloudwatch_log_group" "this" {
  count = var.log_level == "OFF" ? 0 : 1

  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
}

resource "aws_sfn_state_machine" "this" {
  name       = var.name
  role_arn   = aws_iam_role.this.arn
  definition = local.definition

  dynamic "logging_configuration" {
    for_each = aws_cloudwatch_log_group.this

    content {
      log_destination        = "${logging_configuration.value.arn}:*"
      level                  = var.log_level
      include_execution_data = false
    }
  }

  # AWS tries the role out when it makes the machine.
  depends_on = [aws_iam_role_policy.this]
}

# What a Map fails with by itself, and the execution's own timeout, no state of it can record.
resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${var.name}-failed"
  description = "Executions of ${var.name} that failed or timed out."

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = [var.arn]
      status          = ["FAILED", "TIMED_OUT"]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = var.function_arns["recorder"]

  # EventBridge finds out at the first event whether it may invoke the function, and then retries for a day.
  depends_on = [aws_lambda_permission.failed]
}

resource "aws_lambda_permission" "failed" {
  statement_id  = "RecordExecutionsThatFailed"
  function_name = var.recorder
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.failed.arn
}
