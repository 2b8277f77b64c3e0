output "functions" {
  description = "Each deployed function by its name in the workflow, the recorder among them, as the function module gives it out."
  value       = merge(module.function, { recorder = module.recorder.function })

  precondition {
    condition     = coalesce(var.common.timeout_seconds, local.usual) <= local.longest_nested
    error_message = "timeout_seconds is ${local.usual}; with http_only and this workflow it must be at most ${local.longest_nested}, because the first function waits for the others one after the other, and Lambda gives it ${local.longest} s at most."
  }

  precondition {
    condition     = length(local.too_short) == 0
    error_message = "A caller needs more time than those that it waits for have together: ${join("; ", local.too_short)}."
  }
}

output "buckets" {
  description = "Name of each bucket by role."
  value       = { for role, bucket in module.bucket : role => bucket.name }
}

output "tables" {
  description = "Name of each table by role."
  value       = {}
}

output "settings" {
  description = "The orchestration's own settings, those that are not set included."
  value       = var.settings
}

output "record" {
  description = "What the deployment record says of this orchestration alone."
  value       = {}
}

output "schedule" {
  description = "How often overdue runs are looked for, or null where nobody has to."
  value       = module.recorder.schedule
}
