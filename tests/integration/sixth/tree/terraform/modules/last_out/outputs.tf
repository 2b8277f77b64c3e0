output "functions" {
  description = "Each deployed function by its name in the workflow, the recorder among them, as the function module gives it out."
  value       = merge(module.function, { recorder = module.recorder.function })
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
