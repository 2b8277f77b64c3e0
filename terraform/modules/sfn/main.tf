# A state machine invokes each function and knows who is next.
locals {
  returns = module.bucket["returns"].arn
  inputs  = { for function in var.workflow.order : function => "${local.returns}/*/${function}.input/*" }
  values  = { for function in var.workflow.order : function => "${local.returns}/*/${function}/*" }

  arn = "${var.common.arn_prefix}:states:${var.common.region}:${var.common.account_id}:stateMachine:${var.common.name}"

  # A placeholder that nothing fills in is reported by templatefile. What a template fills in is text, and the Maps' concurrency is
  # a number.
  definition_path = "${var.common.build_dir}/definition.${var.settings.map_mode}.asl.json"
  function_arns   = merge({ for function, deployed in module.function : function => deployed.arn }, { recorder = module.recorder.arn })
  placeholders    = { function_arns = local.function_arns, returns_bucket = module.bucket["returns"].name, map_concurrency = "map_concurrency" }
  filled_in       = fileexists(local.definition_path) ? templatefile(local.definition_path, local.placeholders) : "{}"
  definition      = replace(local.filled_in, "\"map_concurrency\"", tostring(var.settings.map_concurrency))
}

module "bucket" {
  source   = "../bucket"
  for_each = toset(concat(["returns", "results"], var.workflow.buckets))

  common = var.common
  role   = each.key
  keeps  = each.key == "results"
}

# The machine passes on what a function returns. What is too large for a state is a claim check there.
module "function" {
  source   = "../function"
  for_each = var.workflow.places

  common      = var.common
  packages    = var.packages
  place       = each.value
  buckets     = module.bucket
  concurrency = each.value.Takes == "branch" ? var.settings.map_concurrency : null
  grants = [
    { sid = "TakeOutClaimChecks", actions = ["s3:GetObject"], resources = each.value.Takes == "gather" ? [] : [local.inputs[each.key]] },
    { sid = "GatherWhatBranchesReturned", actions = ["s3:GetObject"], resources = each.value.Takes == "gather" ? [local.values[each.value.Giver]] : [] },
    { sid = "ReturnAClaimCheck", actions = ["s3:PutObject"], resources = each.value.Takes == "branch" ? [local.values[each.key]] : [] },
    { sid = "PutInAClaimCheck", actions = ["s3:PutObject"], resources = contains(["Map", "Scalar"], coalesce(each.value.Edge, "none")) ? [local.inputs[each.value.Next]] : [] },
    { sid = "FanOutOverTheFirstArray", actions = ["s3:GetObject", "s3:PutObject"], resources = each.value.Edge == "Map" ? [local.values[each.key]] : [] },
    { sid = "SeeWhetherAnArrayIsStored", actions = ["s3:ListBucket"], resources = each.value.Edge == "Map" ? [local.returns] : [] },
  ]
}

# The machine keeps the time of its executions itself.
module "recorder" {
  source = "../recorder"

  common   = var.common
  packages = var.packages
  buckets  = module.bucket
  sweeps   = false
  grants = [
    { sid = "TellALateEndFromTheRunsOwn", actions = ["s3:GetObject"], resources = ["${module.bucket["results"].arn}/*/run.json"] },
  ]
}

resource "aws_cloudwatch_log_group" "this" {
  count = var.settings.log_level == "OFF" ? 0 : 1

  name              = "/aws/vendedlogs/states/${var.common.name}"
  retention_in_days = var.common.log_retention_days
}

resource "aws_sfn_state_machine" "this" {
  name       = var.common.name
  role_arn   = aws_iam_role.this.arn
  definition = local.definition

  dynamic "logging_configuration" {
    for_each = aws_cloudwatch_log_group.this

    content {
      log_destination        = "${logging_configuration.value.arn}:*"
      level                  = var.settings.log_level
      include_execution_data = false
    }
  }

  lifecycle {
    precondition {
      condition     = fileexists(local.definition_path)
      error_message = "Not built yet: ${local.definition_path}. Run \"make package\" first, from the top of the repository."
    }
  }

  # AWS tries the role out when it makes the machine.
  depends_on = [aws_iam_role_policy.this]
}

# What a Map fails with by itself, and the execution's own timeout, no state of it can record.
resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${var.common.name}-failed"
  description = "Executions of ${var.common.name} that failed or timed out."

  event_pattern = jsonencode({
    source      = ["aws.states"]
    detail-type = ["Step Functions Execution Status Change"]
    detail = {
      stateMachineArn = [local.arn]
      status          = ["FAILED", "TIMED_OUT"]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule = aws_cloudwatch_event_rule.failed.name
  arn  = module.recorder.arn

  # EventBridge finds out at the first event whether it may invoke the function, and then retries for a day.
  depends_on = [aws_lambda_permission.failed]
}

resource "aws_lambda_permission" "failed" {
  statement_id  = "RecordExecutionsThatFailed"
  function_name = module.recorder.name
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.failed.arn
}
