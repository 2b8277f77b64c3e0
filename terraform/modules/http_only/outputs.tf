output "deployed" {
  description = "All that is deployed; ../../orchestrations.tf says what it holds."
  value = {
    functions = merge(module.function, { recorder = module.recorder.function })
    buckets   = { for role, bucket in module.bucket : role => bucket.name }
    tables    = {}
    settings  = var.settings
    record    = {}
    schedule  = module.recorder.schedule
  }

  precondition {
    condition     = coalesce(var.common.timeout_seconds, local.usual) <= local.longest_nested
    error_message = "timeout_seconds is ${local.usual}; with http_only and this workflow it must be at most ${local.longest_nested}, because the first function waits for the others one after the other, and Lambda gives it ${local.longest} s at most."
  }

  precondition {
    condition     = length(local.too_short) == 0
    error_message = "A caller needs more time than those that it waits for have together: ${join("; ", local.too_short)}."
  }
}
