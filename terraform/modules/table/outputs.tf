output "name" {
  description = "Name of the table, given out when the table exists."
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "ARN of the table, known before the table exists."
  value       = "${var.common.arn_prefix}:dynamodb:${var.common.region}:${var.common.account_id}:table/${local.name}"
}

output "stream_arn" {
  description = "ARN of the table's stream, whose last part is the time of its creation; null without a stream."
  value       = var.stream ? aws_dynamodb_table.this.stream_arn : null
}
