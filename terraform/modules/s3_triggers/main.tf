# A bucket has one notification configuration, and the last one written wins: no other module may write one for these buckets.
# Only values trigger, whose names end in .json; bookkeeping beside them (.unum_map, .sync, .lock) does not.
resource "aws_s3_bucket_notification" "this" {
  for_each = var.triggers

  bucket = var.buckets[each.key]

  lambda_function {
    id                  = "run-${each.value}"
    lambda_function_arn = var.function_arns[each.value]
    events              = ["s3:ObjectCreated:*"]
    filter_suffix       = ".json"
  }

  # S3 tries the function's permission out when it takes the configuration.
  depends_on = [aws_lambda_permission.this]
}

# Both conditions: a bucket's ARN names no account, and a bucket that is deleted can be made again by somebody else.
resource "aws_lambda_permission" "this" {
  for_each = var.triggers

  statement_id   = "InvokeWhenAValueIsStored"
  function_name  = var.functions[each.value]
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = var.bucket_arns[each.key]
  source_account = var.account_id
}

# S3 invokes asynchronously.
module "final_failures" {
  source = "../final_failures"

  functions    = { for function in values(var.triggers) : function => var.functions[function] }
  recorder_arn = var.function_arns["recorder"]
}
