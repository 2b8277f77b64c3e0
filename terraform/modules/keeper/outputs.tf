output "schedule" {
  description = "How often overdue runs are looked for."
  value       = aws_cloudwatch_event_rule.this.schedule_expression
}
