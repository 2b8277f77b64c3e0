output "functions" {
  description = "Each deployed function by its name in the workflow, the recorder among them, as the function module gives it out."
  value       = merge(module.function, { recorder = module.recorder.function })

  precondition {
    condition     = alltrue([for function in local.waiting : module.function[function].reserved_concurrency != 1])
    error_message = "With http_sync_s3 the last branch of a fan-out waits for the others: a reserved_concurrency of 1 in function_overrides would keep those from running at all. Make it 2 or more, or set return_store=dynamodb, with which nobody waits."
  }
}

output "buckets" {
  description = "Name of each bucket by role."
  value       = { for role, bucket in module.bucket : role => bucket.name }
}

output "tables" {
  description = "Name of each table by role."
  value       = local.tables
}

output "settings" {
  description = "The orchestration's own settings, those that are not set included."
  value       = var.settings
}

output "record" {
  description = "What the deployment record says of this orchestration alone."
  value       = { return_store = var.settings.return_store, redis_url = var.settings.redis_url }
}

output "schedule" {
  description = "How often overdue runs are looked for, or null where nobody has to."
  value       = module.recorder.schedule
}

output "recursion_allowed" {
  description = "Functions that Lambda's loop detection lets invoke themselves without end."
  value       = keys(aws_lambda_function_recursion_config.this)
}
