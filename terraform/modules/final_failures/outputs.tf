output "recorded" {
  description = "Functions whose final failures go to the recorder."
  value       = keys(aws_lambda_function_event_invoke_config.this)
}
