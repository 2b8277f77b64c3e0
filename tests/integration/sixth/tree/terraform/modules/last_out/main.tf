# Functions invoke each other asynchronously, and return values lie in S3.
locals {
  returns = module.bucket["returns"].arn
  inputs  = { for function in var.workflow.order : function => "${local.returns}/*/${function}.input/*" }
  values  = { for function in var.workflow.order : function => "${local.returns}/*/${function}/*" }
}

module "bucket" {
  source   = "../bucket"
  for_each = toset(concat(["returns", "results"], var.workflow.buckets))

  common = var.common
  role   = each.key
  keeps  = each.key == "results"
}

module "function" {
  source   = "../function"
  for_each = var.workflow.places

  common       = var.common
  packages     = var.packages
  place        = each.value
  buckets      = module.bucket
  recorder_arn = module.recorder.arn
  invokes      = compact([each.value.Next, each.value.FanIn])

  grants = [
    { sid = "TakeOutClaimChecks", actions = ["s3:GetObject"], resources = each.value.Takes == "gather" ? [] : [local.inputs[each.key]] },
    { sid = "PutInClaimChecks", actions = ["s3:PutObject"], resources = contains(["Map", "Scalar"], coalesce(each.value.Edge, "none")) ? [local.inputs[each.value.Next]] : [] },
    { sid = "SeeWhichValuesAreStored", actions = ["s3:ListBucket"], resources = [local.returns] },
    { sid = "ReturnUnlessReturned", actions = ["s3:GetObject", "s3:PutObject"], resources = each.value.Last ? [] : [local.values[each.key]] },
    { sid = "GatherWhatBranchesReturned", actions = ["s3:GetObject"], resources = each.value.Takes == "gather" ? [local.values[each.value.Giver]] : [] },
    { sid = "TellTheKeeperOfARunThatNobodyClaimed", actions = ["s3:PutObject"], resources = each.value.Entry ? ["${module.bucket["results"].arn}/.open/*"] : [] },
  ]
}

module "recorder" {
  source = "../recorder"

  common   = var.common
  packages = var.packages
  buckets  = module.bucket
}
