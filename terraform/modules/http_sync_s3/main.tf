# Functions invoke each other asynchronously, and return values wait in a store.
locals {
  returns = module.bucket["returns"].arn
  inputs  = { for function in var.workflow.order : function => "${local.returns}/*/${function}.input/*" }
  values  = { for function in var.workflow.order : function => "${local.returns}/*/${function}/*" }

  store    = var.settings.return_store
  branches = [for function, place in var.workflow.places : function if place.Takes == "branch"]
  # With a table, the write that completes a fan-in tells its writer.
  waiting = local.store == "dynamodb" ? [] : local.branches
  tables  = { for role, table in module.table : role => table.name }
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
  packages     = local.packages
  place        = each.value
  buckets      = module.bucket
  tables       = local.tables
  recorder_arn = module.recorder.arn
  invokes      = compact([each.value.Next, each.value.FanIn, contains(local.waiting, each.key) ? each.key : null])
  network      = one(module.redis[*].network)
  environment = merge(
    { FAN_IN_WAIT_SECONDS = tostring(var.settings.fan_in_wait_seconds), RETURN_STORE = local.store },
    var.settings.redis_url == null ? {} : { REDIS_URL = var.settings.redis_url },
    one(module.redis[*].environment),
  )

  grants = concat(local.grants_on_store[each.key], [
    { sid = "TakeOutClaimChecks", actions = ["s3:GetObject"], resources = each.value.Takes == "gather" ? [] : [local.inputs[each.key]] },
    { sid = "PutInClaimChecks", actions = ["s3:PutObject"], resources = contains(["Map", "Scalar"], coalesce(each.value.Edge, "none")) ? [local.inputs[each.value.Next]] : [] },
    { sid = "SeeWhichValuesAreStored", actions = ["s3:ListBucket"], resources = [local.returns] },
    { sid = "ReturnUnlessReturned", actions = ["s3:GetObject", "s3:PutObject"], resources = each.value.Last ? [] : [local.values[each.key]] },
    { sid = "GatherWhatBranchesReturned", actions = ["s3:GetObject"], resources = each.value.Takes == "gather" ? [local.values[each.value.Giver]] : [] },
    { sid = "TellTheKeeperOfARunThatNobodyClaimed", actions = ["s3:PutObject"], resources = each.value.Entry ? ["${module.bucket["results"].arn}/.open/*"] : [] },
  ])
}

# Lambda stops a chain in which a function meets itself about 16 times. A fan-in's waiting outlives one invocation and is handed
# on to a fresh one, so the functions that wait, and those alone, may go on; the wait has a deadline of its own.
resource "aws_lambda_function_recursion_config" "this" {
  for_each = toset(local.waiting)

  function_name  = module.function[each.key].name
  recursive_loop = "Allow"
}

module "recorder" {
  source = "../recorder"

  common   = var.common
  packages = var.packages
  buckets  = module.bucket
  tables   = local.tables
}
