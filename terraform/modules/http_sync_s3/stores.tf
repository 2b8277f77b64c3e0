# Where return values wait, if not in S3 alone. What an item can't hold is an object there all the same.

# Nothing listens to the table: the write that completes a fan-in tells its writer.
module "table" {
  source   = "../table"
  for_each = toset(local.store == "dynamodb" ? ["returns"] : [])

  common = var.common
  role   = each.key
}

# A Redis that is reached by a URL asks for no role and no network.
module "redis" {
  source = "./redis"
  count  = local.store == "redis" && var.settings.redis_url == null ? 1 : 0

  common        = var.common
  name          = local.cache
  function_arns = local.function_arns
}

# Beside the other layer, where it is used, what only a Redis needs: a cold start pays for each import.
resource "aws_lambda_layer_version" "redis" {
  count = local.store == "redis" ? 1 : 0

  layer_name               = "${var.common.name}-redis"
  description              = "The redis package of ${var.common.name}."
  filename                 = local.redis_layer
  source_code_hash         = fileexists(local.redis_layer) ? filebase64sha256(local.redis_layer) : null
  compatible_runtimes      = ["python${var.common.python_version}"]
  compatible_architectures = [var.common.architecture]

  lifecycle {
    precondition {
      condition     = fileexists(local.redis_layer)
      error_message = "Not built yet: ${local.redis_layer}. Run \"make package\" first, from the top of the repository."
    }
  }
}

locals {
  cache       = replace(var.common.name, "_", "-")
  redis_layer = "${var.common.layer_dir}/redis-layer.zip"
  packages    = merge(var.packages, { layers = concat(var.packages.layers, aws_lambda_layer_version.redis[*].arn) })

  lambda        = "${var.common.arn_prefix}:lambda:${var.common.region}:${var.common.account_id}:function:${var.common.name}"
  function_arns = [for function in concat(var.workflow.order, ["recorder"]) : "${local.lambda}-${function}"]
  cache_arns    = [for kind in ["serverlesscache", "user"] : "${var.common.arn_prefix}:elasticache:${var.common.region}:${var.common.account_id}:${kind}:${local.cache}"]

  # Lambda attaches a function to a network with the function's role, before it runs. AWS knows no narrower resource for these than
  # all, so another statement takes them away from the function's own code.
  attach = [
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
  ]

  grants_on_store = {
    for function, place in var.workflow.places : function => concat(
      [for table in module.table : {
        sid       = "ReturnUnlessReturnedAndSeeWhoElseHas"
        actions   = concat(["dynamodb:GetItem", "dynamodb:PutItem"], place.Takes == "branch" ? ["dynamodb:UpdateItem"] : [])
        resources = [table.arn]
      } if !place.Last],
      [for table in module.table : { sid = "GatherItems", actions = ["dynamodb:BatchGetItem"], resources = [table.arn] } if place.Takes == "gather"],
      [for redis in module.redis : { sid = "ConnectToTheCacheAsItsUser", actions = ["elasticache:Connect"], resources = local.cache_arns }],
      [for redis in module.redis : { sid = "LambdaJoinsTheNetworkOfTheCache", actions = local.attach, resources = ["*"] }],
      [for redis in module.redis : {
        sid       = "TheFunctionItselfDoesNot"
        effect    = "Deny"
        actions   = local.attach
        resources = ["*"]
        condition = { ArnEquals = { "lambda:SourceFunctionArn" = local.function_arns } }
      }],
    )
  }
}
