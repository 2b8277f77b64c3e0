# What a function may be granted on the tables between the stages of dynamodb_triggers, on their streams, and on the queue for what
# a stream could not deliver. Items of all runs lie in one table; IAM can't tell them apart by a key that is made after deployment.
locals {
  # Lambda reads a stream with the role of the function that it feeds. A stream's name is its time of creation, so it is a wildcard.
  follow_stream = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]

  # The item that an invocation is for counts its attempts.
  attempt = ["dynamodb:UpdateItem"]
  gather  = ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"]

  # A value is created, or read where it was before; then its index joins those that have returned.
  create_or_read_item = ["dynamodb:GetItem", "dynamodb:PutItem"]
  return_item         = concat(local.create_or_read_item, ["dynamodb:UpdateItem"])

  grants_on_tables = {
    # mapper_input
    follow_mapper_input_items  = { Sid = "FollowTheStreamOfChunks", Action = local.follow_stream, Resource = "${var.table_arns["mapper_input"]}/stream/*" }
    attempt_mapper_input_items = { Sid = "CountTheAttemptsAtAChunk", Action = local.attempt, Resource = var.table_arns["mapper_input"] }

    # mapper_output
    follow_mapper_output_items = { Sid = "FollowTheStreamOfMappers", Action = local.follow_stream, Resource = "${var.table_arns["mapper_output"]}/stream/*" }
    return_mapper_output_items = { Sid = "ReturnFromAMapper", Action = local.return_item, Resource = var.table_arns["mapper_output"] }
    gather_mapper_output_items = { Sid = "GatherWhatMappersReturned", Action = local.gather, Resource = var.table_arns["mapper_output"] }

    # reducer_input
    follow_reducer_input_items  = { Sid = "FollowTheStreamOfPartitions", Action = local.follow_stream, Resource = "${var.table_arns["reducer_input"]}/stream/*" }
    fan_out_reducer_input_items = { Sid = "FanOutOverPartitionsUnlessDone", Action = local.create_or_read_item, Resource = var.table_arns["reducer_input"] }
    attempt_reducer_input_items = { Sid = "CountTheAttemptsAtAPartition", Action = local.attempt, Resource = var.table_arns["reducer_input"] }

    # reducer_output
    follow_reducer_output_items = { Sid = "FollowTheStreamOfReducers", Action = local.follow_stream, Resource = "${var.table_arns["reducer_output"]}/stream/*" }
    return_reducer_output_items = { Sid = "ReturnFromAReducer", Action = local.return_item, Resource = var.table_arns["reducer_output"] }
    end_reducer_output_items    = { Sid = "GoOnAtOnceWhenThereIsNothingToReduce", Action = "dynamodb:PutItem", Resource = var.table_arns["reducer_output"] }
    gather_reducer_output_items = { Sid = "GatherWhatReducersReturned", Action = local.gather, Resource = var.table_arns["reducer_output"] }

    # results
    follow_results_items = { Sid = "FollowTheStreamOfResults", Action = local.follow_stream, Resource = "${var.table_arns["results"]}/stream/*" }
    mark_results_items   = { Sid = "MarkTheRunAsDoneOrFailed", Action = "dynamodb:PutItem", Resource = var.table_arns["results"] }

    # the queue
    leave_undelivered = { Sid = "LeaveARecordOfWhatCouldNotBeDelivered", Action = "sqs:SendMessage", Resource = var.queue_arn }
  }
}
