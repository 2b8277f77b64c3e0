# Functions invoke each other asynchronously.
module "final_failures" {
  source = "../final_failures"

  functions    = { for function, name in var.functions : function => name if function != "recorder" }
  recorder_arn = var.recorder_arn
}

# Lambda stops a chain in which a function meets itself about 16 times. A fan-in's waiting outlives one invocation and is handed
# on to a fresh one, so the functions that wait, and those alone, may go on; the wait has a deadline of its own.
resource "aws_lambda_function_recursion_config" "this" {
  for_each = toset(var.self_callers)

  function_name  = var.functions[each.key]
  recursive_loop = "Allow"
}
