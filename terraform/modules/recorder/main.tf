# The function that records why a run can't finish. It only writes one small object, so it gets little, and no reservation holds it
# back.
module "function" {
  source = "../function"

  common = merge(var.common, {
    memory_mb            = min(256, coalesce(var.common.memory_mb, 256))
    timeout_seconds      = min(30, coalesce(var.common.timeout_seconds, 30))
    reserved_concurrency = null
  })
  place    = { Name = "recorder", Last = false, Needs = { counts = false, emits = false, user_code = false, memory_mb = {}, grants = [] } }
  handler  = "runtime.orchestration.recorder.handler.lambda_handler"
  packages = var.packages
  buckets  = var.buckets
  tables   = var.tables
  grants = concat(var.grants, [
    { sid = "RecordTheFailure", actions = ["s3:PutObject"], resources = ["${var.buckets["results"].arn}/*/failed.json"] },
    { sid = "ForgetRunsThatHaveEnded", actions = ["s3:DeleteObject"], resources = var.sweeps ? ["${var.buckets["results"].arn}/.open/*"] : [] },
  ])
}

# The keeper: Lambda may delete an asynchronous event without a word, and where no orchestrator is there to miss it, the recorder
# looks for runs that are overdue, every few minutes.
resource "aws_cloudwatch_event_rule" "sweep" {
  count = var.sweeps ? 1 : 0

  name                = "${var.common.name}-sweep"
  description         = "Looks for runs of ${var.common.name} that are overdue."
  schedule_expression = var.common.sweep_minutes == 1 ? "rate(1 minute)" : "rate(${var.common.sweep_minutes} minutes)"
}

resource "aws_cloudwatch_event_target" "sweep" {
  count = var.sweeps ? 1 : 0

  rule = aws_cloudwatch_event_rule.sweep[0].name
  arn  = module.function.arn

  # EventBridge finds out at the first event whether it may invoke the function, and then retries for a day.
  depends_on = [aws_lambda_permission.sweep]
}

resource "aws_lambda_permission" "sweep" {
  count = var.sweeps ? 1 : 0

  statement_id  = "LookForOverdueRuns"
  function_name = module.function.name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = "${var.common.arn_prefix}:events:${var.common.region}:${var.common.account_id}:rule/${aws_cloudwatch_event_rule.sweep[0].name}"
}
