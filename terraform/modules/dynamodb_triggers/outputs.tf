output "mappings" {
  description = "Function that each table triggers, by the table's role."
  value       = { for role, mapping in aws_lambda_event_source_mapping.this : role => var.triggers[role] }
}

output "queue_name" {
  description = "Name of the queue for stream records that could not be delivered, or null when there is none."
  value       = one(aws_sqs_queue.undelivered[*].name)
}
