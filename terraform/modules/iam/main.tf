locals {
  policies = {
    for function, allowed in var.functions : function => jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        [for grant in allowed.grants : merge({ Effect = "Allow" }, local.grants[grant])],
        length(setsubtract(allowed.invokes, ["recorder"])) == 0 ? [] : [{
          Sid      = "InvokeWhatFollows"
          Effect   = "Allow"
          Action   = "lambda:InvokeFunction"
          Resource = [for next in allowed.invokes : var.function_arns[next] if next != "recorder"]
        }],
        !contains(allowed.invokes, "recorder") ? [] : [{
          Sid      = "HandFinalFailuresToTheirRecorder"
          Effect   = "Allow"
          Action   = "lambda:InvokeFunction"
          Resource = var.function_arns["recorder"]
        }],
        [{
          Sid      = "WriteTheOwnLog"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = "${var.log_group_arns[function]}:*"
        }],
      )
    })
  }
}

resource "aws_iam_role" "this" {
  for_each = var.functions

  name        = "${var.name}-${each.key}-${var.place}"
  description = "What the function ${each.key} of ${var.name} may do."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LambdaRunsTheFunctionWithThisRole"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  for_each = var.functions

  name   = each.key
  role   = aws_iam_role.this[each.key].name
  policy = local.policies[each.key]
}

resource "aws_iam_role_policy_attachment" "s3_full_access" {
  for_each = toset(var.full_access_to_s3)

  role       = aws_iam_role.this[each.key].name
  policy_arn = "${var.arn_prefix}:iam::aws:policy/AmazonS3FullAccess"
}
