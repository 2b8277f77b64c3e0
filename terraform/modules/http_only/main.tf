# A caller invokes others, waits for them, and has their return values as responses.
locals {
  returns = module.bucket["returns"].arn
  inputs  = { for function in var.workflow.order : function => "${local.returns}/*/${function}.input/*" }
  values  = { for function in var.workflow.order : function => "${local.returns}/*/${function}/*" }

  # Whom each function invokes and waits for, one after the other.
  waits_for = { for function, place in var.workflow.places : function => place.Edge == "Fan-in" ? [] : compact([place.Next, place.FanIn]) }
}

module "bucket" {
  source   = "../bucket"
  for_each = toset(concat(["returns", "results"], var.workflow.buckets))

  common = var.common
  role   = each.key
  keeps  = each.key == "results"
}

# Every function is invoked synchronously and answers its caller with its failure, but for the first one when nobody waits for it.
# A run that fails keeps what its branches have answered, and what each caller itself has returned; resumed, it looks for that.
module "function" {
  source   = "../function"
  for_each = var.workflow.places

  common          = var.common
  packages        = var.packages
  place           = each.value
  buckets         = module.bucket
  recorder_arn    = each.value.Entry ? module.recorder.arn : null
  invokes         = local.waits_for[each.key]
  timeout_seconds = local.timeouts[each.key]
  concurrency     = each.value.Takes == "branch" ? var.settings.fan_out_concurrency : null
  environment     = { FAN_OUT_CONCURRENCY = tostring(var.settings.fan_out_concurrency) }

  grants = [
    { sid = "TakeOutClaimChecks", actions = ["s3:GetObject"], resources = [local.inputs[each.key]] },
    { sid = "PutInClaimChecks", actions = ["s3:PutObject"], resources = [for callee in local.waits_for[each.key] : local.inputs[callee]] },
    { sid = "ReturnAClaimCheck", actions = ["s3:PutObject"], resources = each.value.Takes == "branch" ? [local.values[each.key]] : [] },
    { sid = "GatherWhatBranchesReturned", actions = ["s3:GetObject"], resources = each.value.Takes == "gather" ? [local.values[each.value.Giver]] : [] },
    { sid = "KeepWhatBranchesReturned", actions = ["s3:PutObject"], resources = each.value.Edge == "Map" ? [local.values[each.value.Next]] : [] },
    { sid = "KeepWhatItReturned", actions = ["s3:GetObject", "s3:PutObject"], resources = length(local.waits_for[each.key]) > 0 ? [local.values[each.key]] : [] },
    { sid = "SeeWhatWasKept", actions = ["s3:ListBucket"], resources = length(local.waits_for[each.key]) > 0 ? [local.returns] : [] },
    { sid = "RecordTheFailure", actions = ["s3:PutObject"], resources = each.value.Entry ? ["${module.bucket["results"].arn}/*/failed.json"] : [] },
    { sid = "TellTheKeeperOfARunThatNobodyClaimed", actions = ["s3:PutObject"], resources = each.value.Entry ? ["${module.bucket["results"].arn}/.open/*"] : [] },
  ]
}

module "recorder" {
  source = "../recorder"

  common   = var.common
  packages = var.packages
  buckets  = module.bucket
}
