# What a stream gives up, since no attempt at it lived long enough to count itself, is left in a bucket: only to S3 does Lambda send
# the record with it. From there it gets to the recorder. Lambda chooses the names.
resource "aws_s3_bucket_notification" "given_up" {
  bucket = local.given_up.name

  lambda_function {
    id                  = "record-what-was-given-up"
    lambda_function_arn = module.recorder.arn
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = "aws/lambda/"
  }

  # S3 tries the function's permission out when it takes the configuration.
  depends_on = [aws_lambda_permission.given_up]
}

# Both conditions: a bucket's ARN names no account, and a bucket that is deleted can be made again by somebody else.
resource "aws_lambda_permission" "given_up" {
  statement_id   = "InvokeWhenARecordIsGivenUp"
  function_name  = module.recorder.name
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = local.given_up.arn
  source_account = var.common.account_id
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = local.readers

  event_source_arn = module.table[each.key].stream_arn
  function_name    = each.value == "recorder" ? module.recorder.name : module.function[each.value].name

  # LATEST may miss what is written while the mapping comes to life.
  starting_position = "TRIM_HORIZON"

  # One value per invocation: a poisoned one takes no other with it, and each has the whole time limit. Ten at once from each
  # shard, in order per item only, which is all the order that there is to keep.
  batch_size             = 1
  parallelization_factor = 10

  # The runtime counts to three attempts and then records the failure; two more are left for attempts that never came so far,
  # and what is given up after them is a failure, too.
  # A record's age counts from when it was written, so it grows also while the record waits behind others: a day, which is as long
  # as the stream keeps it. Less would give up records that were never tried.
  maximum_retry_attempts        = 5
  maximum_record_age_in_seconds = 86400

  # Without effect on a batch of one; whoever sets a larger one retries the failed records alone, in ever smaller batches.
  bisect_batch_on_function_error = true
  function_response_types        = ["ReportBatchItemFailures"]

  # Only new items that are addressed to the function: no updates, no removals, no bookkeeping.
  filter_criteria {
    filter {
      pattern = jsonencode({ eventName = ["INSERT"], dynamodb = { NewImage = { To = { S = [each.value] } } } })
    }
  }

  destination_config {
    on_failure {
      destination_arn = local.given_up.arn
    }
  }

  # Nothing is given up before somebody hears of it.
  depends_on = [aws_s3_bucket_notification.given_up]
}
