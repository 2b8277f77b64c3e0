# The function that records why a run can't finish. It only writes one small object, so it gets little, and no reservation holds it
# back.
module "function" {
  source = "../function"

  common = merge(var.common, {
    memory_mb            = min(256, coalesce(var.common.memory_mb, 256))
    timeout_seconds      = min(30, coalesce(var.common.timeout_seconds, 30))
    reserved_concurrency = null
  })
  place    = { Name = "recorder", Last = false, Needs = { counts = false, emits = false, user_code = false, memory_mb = {}, grants = [] } }
  handler  = "runtime.orchestration.recorder.handler.lambda_handler"
  packages = var.packages
  buckets  = var.buckets
  tables   = var.tables
  grants = concat(var.grants, [
    { sid = "RecordTheFailure", actions = ["s3:PutObject"], resources = ["${var.buckets["results"].arn}/*/failed.json"] },
    { sid = "ForgetRunsThatHaveEnded", actions = ["s3:DeleteObject"], resources = var.sweeps ? ["${var.buckets["results"].arn}/.open/*"] : [] },
  ])
}

module "keeper" {
  source = "../keeper"
  count  = var.sweeps ? 1 : 0

  common   = var.common
  recorder = { name = module.function.name, arn = module.function.arn }
}
