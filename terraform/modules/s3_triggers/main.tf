# Stored objects invoke what is next; no Lambda invokes another. Each stage has a bucket. Keys in it:
#   {run}/{index}.json  a value; its creation triggers the function that takes it
#   {run}/.unum_map     size of a fan-out          {run}/.sync  the same, where the branches return
#   {run}/.lock         who does the fan-in
locals {
  stages = toset(var.workflow.stages)
  stage = {
    for stage in var.workflow.stages : stage => {
      bucket  = module.bucket[stage].arn
      values  = "${module.bucket[stage].arn}/*/*.json"
      fan_out = "${module.bucket[stage].arn}/*/.unum_map"
      sync    = "${module.bucket[stage].arn}/*/.sync"
      lock    = "${module.bucket[stage].arn}/*/.lock"
    }
  }

  # Where a function's values come from, and where they go.
  takers = { for function, place in var.workflow.places : place.From => function }
  from   = { for function, place in var.workflow.places : function => local.stage[place.From] }
  to     = { for function, place in var.workflow.places : function => place.Last ? [] : [local.stage[place.To]] }
  meets  = { for function, place in var.workflow.places : function => place.Meets == null ? [] : [local.stage[place.Meets]] }
}

module "bucket" {
  source   = "../bucket"
  for_each = toset(concat(var.workflow.stages, ["results"], var.workflow.buckets))

  common = var.common
  role   = each.key
  keeps  = each.key == "results"
}

# S3 invokes asynchronously. Listing carries no condition: a missing object has to look missing, not forbidden.
module "function" {
  source   = "../function"
  for_each = var.workflow.places

  common       = var.common
  packages     = var.packages
  place        = each.value
  buckets      = module.bucket
  recorder_arn = module.recorder.arn

  grants = [
    {
      sid       = "TakeValues"
      actions   = ["s3:GetObject"]
      resources = each.value.Takes == "gather" ? [local.from[each.key].values, local.from[each.key].sync, local.from[each.key].lock] : [local.from[each.key].values, local.from[each.key].fan_out]
    },
    { sid = "BeTheOneThatFansIn", actions = ["s3:PutObject"], resources = each.value.Takes == "gather" ? [local.from[each.key].lock] : [] },
    {
      sid       = "ReturnUnlessReturned"
      actions   = ["s3:GetObject", "s3:PutObject"]
      resources = flatten([for to in local.to[each.key] : [to.values, each.value.Edge == "Fan-in" ? to.sync : to.fan_out]])
    },
    {
      sid       = "GoOnAtOnceWhenThereIsNothingToFanOutOver"
      actions   = ["s3:GetObject", "s3:PutObject"]
      resources = flatten([for meets in local.meets[each.key] : [meets.values, meets.sync]])
    },
    {
      sid       = "TellWhatIsMissingFromWhatIsForbidden"
      actions   = ["s3:ListBucket"]
      resources = [for stage in concat([local.from[each.key]], local.to[each.key], local.meets[each.key]) : stage.bucket]
    },
    { sid = "TellTheKeeperOfARunThatNobodyClaimed", actions = ["s3:PutObject"], resources = each.value.First ? ["${module.bucket["results"].arn}/.open/*"] : [] },
  ]
}

module "recorder" {
  source = "../recorder"

  common   = var.common
  packages = var.packages
  buckets  = module.bucket
}

# A bucket has one notification configuration, and the last one written wins: no other module may write one for these buckets.
# Only values trigger, whose names end in .json; bookkeeping beside them does not.
resource "aws_s3_bucket_notification" "this" {
  for_each = local.stages

  bucket = module.bucket[each.key].name

  lambda_function {
    id                  = "run-${local.takers[each.key]}"
    lambda_function_arn = module.function[local.takers[each.key]].arn
    events              = ["s3:ObjectCreated:*"]
    filter_suffix       = ".json"
  }

  # S3 tries the function's permission out when it takes the configuration.
  depends_on = [aws_lambda_permission.this]
}

# Both conditions: a bucket's ARN names no account, and a bucket that is deleted can be made again by somebody else.
resource "aws_lambda_permission" "this" {
  for_each = local.stages

  statement_id   = "InvokeWhenAValueIsStored"
  function_name  = module.function[local.takers[each.key]].name
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = module.bucket[each.key].arn
  source_account = var.common.account_id
}
