output "deployed" {
  description = "All that is deployed; ../../orchestrations.tf says what it holds."
  value = {
    functions = merge(module.function, { recorder = module.recorder.function })
    buckets   = { for role, bucket in module.bucket : role => bucket.name }
    tables    = {}
    settings  = var.settings
    record    = {}
    schedule  = module.recorder.schedule
    triggers  = local.takers
  }
}
