output "name" {
  description = "Name of the bucket, given out when the bucket exists."
  value       = aws_s3_bucket.this.bucket
}

output "arn" {
  description = "ARN of the bucket, known before the bucket exists."
  value       = local.arn
}
