output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "arn" {
  description = "ARN of the function, known before the function exists."
  value       = "${local.function_arns}-${var.place.Name}"
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "timeout_seconds" {
  description = "Time limit of one invocation in seconds."
  value       = local.timeout_seconds
}

output "memory_mb" {
  description = "Memory in MB."
  value       = local.memory_mb
}

output "concurrency" {
  description = "How many invocations are under way at once at most, or null where nothing bounds them."
  value       = length(local.bounds) == 0 ? null : min(local.bounds...)
}

output "reserved_concurrency" {
  description = "Concurrent invocations kept for, and allowed to, the function; -1 reserves nothing."
  value       = local.reserved_concurrency
}

output "environment" {
  description = "Environment variables of the function."
  value       = aws_lambda_function.this.environment[0].variables
}

output "policy" {
  description = "Policy document of the function's role as JSON."
  value       = aws_iam_role_policy.this.policy
}

output "role_name" {
  description = "Name of the function's role."
  value       = aws_iam_role.this.name
}

output "full_access_to_s3" {
  description = "Whether the role also has the managed policy AmazonS3FullAccess."
  value       = length(aws_iam_role_policy_attachment.s3_full_access) > 0
}

output "final_failures" {
  description = "ARN of the function that gets the final failures of asynchronous invocations, or null."
  value       = one([for config in aws_lambda_function_event_invoke_config.this : config.destination_config[0].on_failure[0].destination])
}
