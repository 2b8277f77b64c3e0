output "role_arns" {
  description = "ARN of each function's role, given out when its policy is in place."
  value       = { for function, role in aws_iam_role.this : function => role.arn }
  depends_on  = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.s3_full_access]
}

output "policies" {
  description = "Policy document of each function as JSON."
  value       = { for function, attached in aws_iam_role_policy.this : function => attached.policy }
}

output "s3_full_access" {
  description = "Functions whose role has the managed policy AmazonS3FullAccess."
  value       = keys(aws_iam_role_policy_attachment.s3_full_access)
}

output "role_names" {
  description = "Name of each function's role."
  value       = { for function, role in aws_iam_role.this : function => role.name }
}
