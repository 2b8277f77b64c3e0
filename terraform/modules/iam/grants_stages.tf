# What a function may be granted on the buckets between the stages of s3_triggers. Keys in each of them:
#   {run}/{index}.json  a value; its creation triggers the function that is next
#   {run}/.unum_map     size of a fan-out          {run}/.sync  the same, where the branches return
#   {run}/.lock         who does the fan-in
# Listing carries no condition, for the reason given in grants.tf: a missing object has to look missing, not forbidden.
locals {
  stages = {
    for role in ["mapper-input", "mapper-output", "reducer-input", "reducer-output"] : role => {
      bucket  = var.bucket_arns[role]
      values  = "${var.bucket_arns[role]}/*/*.json"
      fan_out = "${var.bucket_arns[role]}/*/.unum_map"
      sync    = "${var.bucket_arns[role]}/*/.sync"
      lock    = "${var.bucket_arns[role]}/*/.lock"
    }
  }

  create_or_read = ["s3:GetObject", "s3:PutObject"]

  grants_on_stages = {
    # input
    list_input = { Sid = "TellARemovedChunkFromAForbiddenOne", Action = "s3:ListBucket", Resource = local.stages["mapper-input"].bucket }
    take_input = {
      Sid      = "TakeAChunk"
      Action   = "s3:GetObject"
      Resource = [local.stages["mapper-input"].values, local.stages["mapper-input"].fan_out]
    }

    # mapper_output
    list_mapper_output = { Sid = "SeeWhichMappersHaveReturned", Action = "s3:ListBucket", Resource = local.stages["mapper-output"].bucket }
    return_mapper_output = {
      Sid      = "ReturnFromAMapperUnlessItHasReturned"
      Action   = local.create_or_read
      Resource = [local.stages["mapper-output"].values, local.stages["mapper-output"].sync]
    }
    gather_mapper_output = {
      Sid      = "GatherWhatMappersReturned"
      Action   = "s3:GetObject"
      Resource = [local.stages["mapper-output"].values, local.stages["mapper-output"].sync, local.stages["mapper-output"].lock]
    }
    lock_mapper_output = { Sid = "BeTheOneThatFansMappersIn", Action = "s3:PutObject", Resource = local.stages["mapper-output"].lock }

    # reducer_input
    list_reducer_input = { Sid = "TellARemovedPartitionFromAForbiddenOne", Action = "s3:ListBucket", Resource = local.stages["reducer-input"].bucket }
    fan_out_reducer_input = {
      Sid      = "FanOutOverPartitionsUnlessDone"
      Action   = local.create_or_read
      Resource = [local.stages["reducer-input"].values, local.stages["reducer-input"].fan_out]
    }
    take_reducer_input = {
      Sid      = "TakeAPartition"
      Action   = "s3:GetObject"
      Resource = [local.stages["reducer-input"].values, local.stages["reducer-input"].fan_out]
    }

    # reducer_output
    list_reducer_output = { Sid = "SeeWhichReducersHaveReturned", Action = "s3:ListBucket", Resource = local.stages["reducer-output"].bucket }
    return_reducer_output = {
      Sid      = "ReturnFromAReducerUnlessItHasReturned"
      Action   = local.create_or_read
      Resource = [local.stages["reducer-output"].values, local.stages["reducer-output"].sync]
    }
    end_reducer_output = {
      Sid      = "GoOnAtOnceWhenThereIsNothingToReduce"
      Action   = local.create_or_read
      Resource = [local.stages["reducer-output"].values, local.stages["reducer-output"].sync]
    }
    gather_reducer_output = {
      Sid      = "GatherWhatReducersReturned"
      Action   = "s3:GetObject"
      Resource = [local.stages["reducer-output"].values, local.stages["reducer-output"].sync, local.stages["reducer-output"].lock]
    }
    lock_reducer_output = { Sid = "BeTheOneThatFansReducersIn", Action = "s3:PutObject", Resource = local.stages["reducer-output"].lock }
  }
}
