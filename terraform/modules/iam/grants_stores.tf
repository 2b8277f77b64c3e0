# What a function of http_sync_s3 may be granted on the store of its return values, where that isn't the returns bucket. What an item
# can't hold is an object there all the same.
locals {
  # Lambda attaches a function to a network with the function's role, before it runs. AWS knows no narrower resource for these than
  # all, so the second statement takes them away from the function's own code.
  attach = [
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
  ]

  grants_on_stores = {
    # dynamodb
    return_items = {
      Sid      = "ReturnUnlessReturnedAndSeeWhoElseHas"
      Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      Resource = var.table_arns["returns"]
    }
    return_one_item = { Sid = "ReturnUnlessReturned", Action = ["dynamodb:GetItem", "dynamodb:PutItem"], Resource = var.table_arns["returns"] }
    gather_items    = { Sid = "GatherWhatBranchesReturned", Action = "dynamodb:BatchGetItem", Resource = var.table_arns["returns"] }

    # redis
    connect_to_cache = { Sid = "ConnectToTheCacheAsItsUser", Action = "elasticache:Connect", Resource = values(var.cache_arns) }
    join_network     = { Sid = "LambdaJoinsTheNetworkOfTheCache", Action = local.attach, Resource = "*" }
    keep_off_networks = {
      Sid       = "TheFunctionItselfDoesNot"
      Effect    = "Deny"
      Action    = local.attach
      Resource  = "*"
      Condition = { ArnEquals = { "lambda:SourceFunctionArn" = values(var.function_arns) } }
    }
  }
}
