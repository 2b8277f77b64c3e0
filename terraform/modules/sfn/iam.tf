locals {
  execution_arns = replace(local.arn, ":stateMachine:", ":execution:")

  run_the_functions = {
    Sid      = "InvokeTheFunctions"
    Effect   = "Allow"
    Action   = "lambda:InvokeFunction"
    Resource = values(local.function_arns)
  }

  # A Distributed Map runs its items as executions of their own, of this same machine, and reads its input from S3.
  distribute = [
    {
      Sid      = "StartTheChildrenOfADistributedMap"
      Effect   = "Allow"
      Action   = "states:StartExecution"
      Resource = local.arn
    },
    {
      Sid      = "WatchAndStopTheChildrenOfADistributedMap"
      Effect   = "Allow"
      Action   = ["states:DescribeExecution", "states:StopExecution"]
      Resource = ["${local.execution_arns}:*", "${local.execution_arns}/*"]
    },
    {
      Sid      = "RedriveTheChildrenOfADistributedMap"
      Effect   = "Allow"
      Action   = "states:RedriveExecution"
      Resource = "${local.execution_arns}/*"
    },
    {
      Sid      = "ReadTheInputOfADistributedMap"
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = [for place in values(var.workflow.places) : "${local.returns}/*/${place.From}.json" if place.First]
    },
  ]

  # These actions know no resource: the one place where AWS leaves no choice but "*", hence only when logging is asked for.
  deliver_logs = [{
    Sid    = "DeliverTheMachinesLog"
    Effect = "Allow"
    Action = [
      "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
      "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
    ]
    Resource = "*"
  }]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [local.run_the_functions],
      [for statement in local.distribute : statement if var.settings.map_mode == "DISTRIBUTED"],
      [for statement in local.deliver_logs : statement if var.settings.log_level != "OFF"],
    )
  })
}

resource "aws_iam_role" "this" {
  name        = "${var.common.name}-states-${var.common.place}"
  description = "What the state machine ${var.common.name} may do."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "StepFunctionsRunsTheMachineWithThisRole"
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # Step Functions works for every account: it may take this role for this machine alone, and for its Map Runs.
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.common.account_id }
        ArnLike      = { "aws:SourceArn" = var.settings.map_mode == "DISTRIBUTED" ? [local.arn, "${local.arn}/*"] : [local.arn] }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "states"
  role   = aws_iam_role.this.name
  policy = local.policy
}
