output "state_machine_arn" {
  description = "ARN of the state machine."
  value       = aws_sfn_state_machine.this.arn
}

output "policy" {
  description = "Policy document of the state machine's role as JSON."
  value       = aws_iam_role_policy.this.policy
}

output "log_group_name" {
  description = "Name of the state machine's log group, or null when it logs nothing."
  value       = one(aws_cloudwatch_log_group.this[*].name)
}

output "role_name" {
  description = "Name of the state machine's role."
  value       = aws_iam_role.this.name
}
