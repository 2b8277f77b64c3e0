output "notifications" {
  description = "Function that each bucket triggers, by the bucket's role."
  value       = { for role, notification in aws_s3_bucket_notification.this : role => var.triggers[role] }
}

output "recorded" {
  description = "Functions whose final failures go to the recorder."
  value       = module.final_failures.recorded
}
