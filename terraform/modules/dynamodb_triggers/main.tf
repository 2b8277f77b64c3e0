# Stored items invoke what is next; no Lambda invokes another. A stream shard serves two readers at most, so each stage has a table
# of its own and each table one reader. Items of all runs lie in one table; IAM can't tell them apart by a key that is made after
# deployment.
locals {
  returns = module.bucket["returns"].arn
  inputs  = { for function in var.workflow.order : function => "${local.returns}/*/${function}.input/*" }
  values  = { for function in var.workflow.order : function => "${local.returns}/*/${function}/*" }
  tables  = { for role, table in module.table : role => table.name }

  # Whom each stage triggers; and who reads each table's stream.
  takers  = { for function, place in var.workflow.places : place.From => function }
  readers = merge(local.takers, { results = "recorder" })

  # Lambda reads a stream with the role of the function that it feeds.
  follow_stream = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]

  # Lambda gives a record up with that role, too. It wants to list the bucket as well, and chooses the keys:
  # aws/lambda/{mapping}/{shard}/{year}/{month}/{day}/{time}-{uuid}.
  given_up = module.bucket["given_up"]
  give_up = [
    { sid = "LeaveWhatTheStreamGaveUp", actions = ["s3:PutObject"], resources = ["${local.given_up.arn}/aws/lambda/*"] },
    { sid = "SeeWhatTheStreamGaveUp", actions = ["s3:ListBucket"], resources = [local.given_up.arn] },
  ]
}

module "bucket" {
  source   = "../bucket"
  for_each = toset(concat(["returns", "results", "given_up"], var.workflow.buckets))

  common = var.common
  role   = each.key
  keeps  = each.key == "results"
}

module "table" {
  source   = "../table"
  for_each = toset(concat(var.workflow.stages, ["results"]))

  common = var.common
  role   = each.key
  stream = true
}

# What an item can't hold is a claim check in the returns bucket.
module "function" {
  source   = "../function"
  for_each = var.workflow.places

  common   = var.common
  packages = var.packages
  place    = each.value
  buckets  = module.bucket
  tables   = local.tables
  grants   = concat(local.grants_on_items[each.key], local.grants_on_claim_checks[each.key], local.give_up)
}

module "recorder" {
  source = "../recorder"

  common   = var.common
  packages = var.packages
  buckets  = module.bucket
  tables   = local.tables
  grants = concat(local.give_up, [
    { sid = "FollowTheStreamOfResults", actions = local.follow_stream, resources = ["${module.table["results"].arn}/stream/*"] },
    { sid = "SeeWhetherTheRunIsStillThere", actions = ["dynamodb:GetItem"], resources = [for table in module.table : table.arn] },
    { sid = "TakeWhatTheStreamGaveUp", actions = ["s3:DeleteObject", "s3:GetObject"], resources = ["${local.given_up.arn}/aws/lambda/*"] },
  ])
}

locals {
  # A stream's name is its time of creation, so it is a wildcard. An item beside the one that an invocation is for counts the
  # attempts at it, as long as that one is there. A value is created, or read where it was before; then its index joins those that
  # have returned.
  grants_on_items = {
    for function, place in var.workflow.places : function => [
      { sid = "FollowTheStream", actions = local.follow_stream, resources = ["${module.table[place.From].arn}/stream/*"] },
      {
        sid       = "TakeAndCountTheAttempts"
        actions   = concat(place.Takes == "gather" ? ["dynamodb:BatchGetItem"] : [], ["dynamodb:GetItem", "dynamodb:UpdateItem"])
        resources = [module.table[place.From].arn]
      },
      {
        sid       = "ReturnUnlessReturned"
        actions   = concat(["dynamodb:GetItem", "dynamodb:PutItem"], place.Edge == "Fan-in" ? ["dynamodb:UpdateItem"] : [])
        resources = place.Last ? [] : [module.table[place.To].arn]
      },
      { sid = "GoOnAtOnceWhenThereIsNothingToFanOutOver", actions = ["dynamodb:PutItem"], resources = place.Meets == null ? [] : [module.table[place.Meets].arn] },
      { sid = "MarkTheRunAsDoneOrFailed", actions = ["dynamodb:PutItem"], resources = [module.table["results"].arn] },
    ]
  }

  grants_on_claim_checks = {
    for function, place in var.workflow.places : function => [
      { sid = "TakeOutClaimChecks", actions = ["s3:GetObject"], resources = place.Takes == "gather" ? [local.values[place.Giver]] : [local.inputs[function]] },
      { sid = "PutInClaimChecks", actions = ["s3:PutObject"], resources = contains(["Map", "Scalar"], coalesce(place.Edge, "none")) ? [local.inputs[place.Next]] : [] },
      { sid = "ReturnAClaimCheck", actions = ["s3:GetObject", "s3:PutObject"], resources = place.Last ? [] : [local.values[function]] },
    ]
  }
}
