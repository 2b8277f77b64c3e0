locals {
  execution_arns = replace(var.arn, ":stateMachine:", ":execution:")

  run_the_functions = {
    Sid      = "InvokeTheFunctions"
    Effect   = "Allow"
    Action   = "lambda:InvokeFunction"
    Resource = values(var.function_arns)
  }

  # A Distributed Map runs its items as executions of their own, of this same machine, and reads its input from S3.
  distribute = [
    {
      Sid      = "StartTheChildrenOfADistributedMap"
      Effect   = "Allow"
      Action   = "states:StartExecution"
      Resource = var.arn
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
      Resource = "${var.returns_bucket_arn}/*/mapper-input.json"
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
      [for statement in local.distribute : statement if var.map_mode == "DISTRIBUTED"],
      [for statement in local.deliver_logs : statement if var.log_level != "OFF"],
    )
  })
}
