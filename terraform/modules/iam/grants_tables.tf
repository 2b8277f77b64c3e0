# What a function may be granted on the tables between the stages of dynamodb_triggers, on their streams, and on the bucket for what
# a stream gave up. Items of all runs lie in one table; IAM can't tell them apart by a key that is made after deployment.
locals {
  # Lambda reads a stream with the role of the function that it feeds. A stream's name is its time of creation, so it is a wildcard.
  follow_stream = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]

  # An item beside the one that an invocation is for counts the attempts at it, as long as that one is there.
  attempt = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
  gather  = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"]

  # A value is created, or read where it was before; then its index joins those that have returned.
  create_or_read_item = ["dynamodb:GetItem", "dynamodb:PutItem"]
  return_item         = concat(local.create_or_read_item, ["dynamodb:UpdateItem"])

  # Lambda chooses the keys: aws/lambda/{mapping}/{shard}/{year}/{month}/{day}/{time}-{uuid}.
  given_up = "${var.bucket_arns["given_up"]}/aws/lambda/*"

  grants_on_tables = {
    # mapper_input
    follow_mapper_input_items  = { Sid = "FollowTheStreamOfChunks", Action = local.follow_stream, Resource = "${var.table_arns["mapper-input"]}/stream/*" }
    attempt_mapper_input_items = { Sid = "CountTheAttemptsAtAChunk", Action = local.attempt, Resource = var.table_arns["mapper-input"] }

    # mapper_output
    follow_mapper_output_items = { Sid = "FollowTheStreamOfMappers", Action = local.follow_stream, Resource = "${var.table_arns["mapper-output"]}/stream/*" }
    return_mapper_output_items = { Sid = "ReturnFromAMapper", Action = local.return_item, Resource = var.table_arns["mapper-output"] }
    gather_mapper_output_items = { Sid = "GatherWhatMappersReturned", Action = local.gather, Resource = var.table_arns["mapper-output"] }

    # reducer_input
    follow_reducer_input_items  = { Sid = "FollowTheStreamOfPartitions", Action = local.follow_stream, Resource = "${var.table_arns["reducer-input"]}/stream/*" }
    fan_out_reducer_input_items = { Sid = "FanOutOverPartitionsUnlessDone", Action = local.create_or_read_item, Resource = var.table_arns["reducer-input"] }
    attempt_reducer_input_items = { Sid = "CountTheAttemptsAtAPartition", Action = local.attempt, Resource = var.table_arns["reducer-input"] }

    # reducer_output
    follow_reducer_output_items = { Sid = "FollowTheStreamOfReducers", Action = local.follow_stream, Resource = "${var.table_arns["reducer-output"]}/stream/*" }
    return_reducer_output_items = { Sid = "ReturnFromAReducer", Action = local.return_item, Resource = var.table_arns["reducer-output"] }
    end_reducer_output_items    = { Sid = "GoOnAtOnceWhenThereIsNothingToReduce", Action = "dynamodb:PutItem", Resource = var.table_arns["reducer-output"] }
    gather_reducer_output_items = { Sid = "GatherWhatReducersReturned", Action = local.gather, Resource = var.table_arns["reducer-output"] }

    # results
    follow_results_items = { Sid = "FollowTheStreamOfResults", Action = local.follow_stream, Resource = "${var.table_arns["results"]}/stream/*" }
    mark_results_items   = { Sid = "MarkTheRunAsDoneOrFailed", Action = "dynamodb:PutItem", Resource = var.table_arns["results"] }

    # any of them
    see_items = {
      Sid      = "SeeWhetherTheRunIsStillThere"
      Action   = "dynamodb:GetItem"
      Resource = [for role in ["mapper-input", "mapper-output", "reducer-input", "reducer-output", "results"] : var.table_arns[role]]
    }

    # given_up. Lambda wants to list the bucket, too; the recorder has to tell what was recorded and removed from what is forbidden.
    leave_given_up = { Sid = "LeaveWhatTheStreamGaveUp", Action = "s3:PutObject", Resource = local.given_up }
    list_given_up  = { Sid = "SeeWhatTheStreamGaveUp", Action = "s3:ListBucket", Resource = var.bucket_arns["given_up"] }
    take_given_up  = { Sid = "TakeWhatTheStreamGaveUp", Action = ["s3:DeleteObject", "s3:GetObject"], Resource = local.given_up }
  }
}
