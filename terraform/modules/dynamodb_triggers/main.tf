# A stream shard serves two readers at most, so each stage has a table of its own and each table one reader.
resource "aws_dynamodb_table" "this" {
  for_each = var.tables

  name                        = each.value
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "Key"
  stream_enabled              = contains(keys(var.triggers), each.key)
  stream_view_type            = contains(keys(var.triggers), each.key) ? "NEW_IMAGE" : null
  deletion_protection_enabled = false

  attribute {
    name = "Key"
    type = "S"
  }

  # Clean-up of last resort: the client deletes what a successful run leaves.
  ttl {
    attribute_name = "Expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}

# What a stream gives up, since no attempt at it lived long enough to count itself, is left in a bucket: only to S3 does Lambda send
# the record with it. From there it gets to the recorder of failures. Lambda chooses the names.
resource "aws_s3_bucket_notification" "given_up" {
  bucket = var.given_up_bucket

  lambda_function {
    id                  = "record-what-was-given-up"
    lambda_function_arn = var.recorder_arn
    events              = ["s3:ObjectCreated:*"]
    filter_prefix       = "aws/lambda/"
  }

  # S3 tries the function's permission out when it takes the configuration.
  depends_on = [aws_lambda_permission.given_up]
}

# Both conditions: a bucket's ARN names no account, and a bucket that is deleted can be made again by somebody else.
resource "aws_lambda_permission" "given_up" {
  statement_id   = "InvokeWhenARecordIsGivenUp"
  function_name  = var.functions["recorder"]
  action         = "lambda:InvokeFunction"
  principal      = "s3.amazonaws.com"
  source_arn     = var.given_up_bucket_arn
  source_account = var.account_id
}

resource "aws_lambda_event_source_mapping" "this" {
  for_each = var.triggers

  event_source_arn = aws_dynamodb_table.this[each.key].stream_arn
  function_name    = var.functions[each.value]

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
      destination_arn = var.given_up_bucket_arn
    }
  }

  # Nothing is given up before somebody hears of it.
  depends_on = [aws_s3_bucket_notification.given_up]
}
