output "name" {
  description = "Name of the recorder."
  value       = module.function.name
}

output "arn" {
  description = "ARN of the recorder, known before it exists."
  value       = module.function.arn
}

output "function" {
  description = "All that the function module gives out of the recorder."
  value       = module.function
}

output "schedule" {
  description = "How often it looks for overdue runs, or null where it doesn't."
  value       = one(aws_cloudwatch_event_rule.sweep[*].schedule_expression)
}
