output "mappings" {
  description = "Function that each table triggers, by the table's role."
  value       = { for role, mapping in aws_lambda_event_source_mapping.this : role => var.triggers[role] }
}

output "given_up_bucket" {
  description = "Name of the bucket whose new objects invoke the recorder of failures."
  value       = aws_s3_bucket_notification.given_up.bucket
}
