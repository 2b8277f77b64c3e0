output "deployed" {
  description = "All that is deployed; ../../orchestrations.tf says what it holds."
  value = {
    functions         = merge(module.function, { recorder = module.recorder.function })
    buckets           = { for role, bucket in module.bucket : role => bucket.name }
    tables            = local.tables
    settings          = var.settings
    record            = { return_store = var.settings.return_store, redis_url = var.settings.redis_url }
    schedule          = module.recorder.schedule
    recursion_allowed = keys(aws_lambda_function_recursion_config.this)
  }

  precondition {
    condition     = alltrue([for function in local.waiting : module.function[function].reserved_concurrency != 1])
    error_message = "With http_sync_s3 the last branch of a fan-out waits for the others: a reserved_concurrency of 1 in function_overrides would keep those from running at all. Make it 2 or more, or set return_store=dynamodb, with which nobody waits."
  }
}
