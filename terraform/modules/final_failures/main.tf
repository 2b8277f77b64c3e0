# Lambda itself retries a failed asynchronous invocation and reports its final failure, also of one that was killed, timed out or
# ran out of memory.
resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = var.functions

  function_name                = each.value
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = var.recorder_arn
    }
  }
}
