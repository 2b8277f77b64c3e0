# Functions invoke each other asynchronously, so Lambda itself retries a failed one and reports its final failure, also of an
# invocation that was killed, timed out or ran out of memory.
resource "aws_lambda_function_event_invoke_config" "this" {
  for_each = toset([for function in keys(var.functions) : function if function != "failure"])

  function_name                = var.functions[each.key]
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = var.failure_arn
    }
  }
}

# Lambda stops a chain in which a function meets itself about 16 times. A fan-in's waiting outlives one invocation and is handed
# on to a fresh one, so the functions that wait, and those alone, may go on; the wait has a deadline of its own.
resource "aws_lambda_function_recursion_config" "this" {
  for_each = toset(var.self_callers)

  function_name  = var.functions[each.key]
  recursive_loop = "Allow"
}
