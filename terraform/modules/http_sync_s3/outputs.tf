output "recorded" {
  description = "Functions whose final failures go to the recorder."
  value       = module.final_failures.recorded
}

output "recursion_allowed" {
  description = "Functions that Lambda's loop detection lets invoke themselves without end."
  value       = keys(aws_lambda_function_recursion_config.this)
}
