# Lambda may delete an asynchronous event without a word, and no orchestrator is there to miss it. So the recorder looks
# for runs that are overdue, every few minutes.
resource "aws_cloudwatch_event_rule" "this" {
  name                = "${var.common.name}-sweep"
  description         = "Looks for runs of ${var.common.name} that are overdue."
  schedule_expression = var.common.sweep_minutes == 1 ? "rate(1 minute)" : "rate(${var.common.sweep_minutes} minutes)"
}

resource "aws_cloudwatch_event_target" "this" {
  rule = aws_cloudwatch_event_rule.this.name
  arn  = var.recorder.arn

  # EventBridge finds out at the first event whether it may invoke the function, and then retries for a day.
  depends_on = [aws_lambda_permission.this]
}

resource "aws_lambda_permission" "this" {
  statement_id  = "LookForOverdueRuns"
  function_name = var.recorder.name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = "${var.common.arn_prefix}:events:${var.common.region}:${var.common.account_id}:rule/${aws_cloudwatch_event_rule.this.name}"
}
