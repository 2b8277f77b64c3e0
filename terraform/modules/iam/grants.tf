# What a function may be granted, each statement with a Sid that says what for. Here: on the buckets that most orchestrations
# have; grants_stages.tf has the buckets of s3_triggers, grants_tables.tf the tables of dynamodb_triggers, grants_stores.tf where else
# return values may lie. Keys in the buckets:
#   shuffle  {run}/reducer{id}/{word}/{uuid}  emitted pairs, one object each
#            {run}/emitted/{index}, {run}/emitted/sum   how many each mapper emitted, and all together
#            {run}/packed/{index}, {run}/packed/index   emitted pairs, one object for each mapper, and their common index
#            all of it below a prefix where a chunk's destination has one
#   returns  {run}/{function}/{index}.json        return values
#            {run}/{function}.input/{index}.json  claim checks: what that function is given when its carrier can't hold it
#   results  {run}/result.json, {run}/failed.json, {run}/run.json (the client's claim)
#            .open/{run}/{deadline}               a run that may be open, for the keeper
# A run id is the first segment of every key and made after deployment, so it is a wildcard here; all the rest is literal.
locals {
  pairs = "${var.bucket_arns["shuffle"]}/*/reducer*/*"

  shuffle = {
    counts = "${var.bucket_arns["shuffle"]}/*/emitted/*"
    sum    = "${var.bucket_arns["shuffle"]}/*/emitted/sum"
    packed = "${var.bucket_arns["shuffle"]}/*/packed/*"
    index  = "${var.bucket_arns["shuffle"]}/*/packed/index"
  }

  # A large object goes up in parts, which are taken back where one of them fails.
  upload = ["s3:AbortMultipartUpload", "s3:PutObject"]

  values = { for function in ["unum_map", "mapper", "partition", "reducer"] : function => "${var.bucket_arns["returns"]}/*/${function}/*" }

  inputs = { for function in ["unum_map", "mapper", "partition", "reducer", "summary"] : function => "${var.bucket_arns["returns"]}/*/${function}.input/*" }

  grants = merge(local.grants_on_buckets, local.grants_on_stages, local.grants_on_tables, local.grants_on_stores)

  grants_on_buckets = {
    # shuffle
    emit_pairs   = { Sid = "EmitPairs", Action = "s3:PutObject", Resource = local.pairs }
    read_pairs   = { Sid = "ReadPairsOfAPartition", Action = "s3:GetObject", Resource = local.pairs }
    count_pairs  = { Sid = "SayHowManyPairsWereEmitted", Action = "s3:PutObject", Resource = local.shuffle.counts }
    add_counts   = { Sid = "ReadHowManyPairsWereEmitted", Action = "s3:GetObject", Resource = local.shuffle.counts }
    write_sum    = { Sid = "StoreTheSumOfEmittedPairs", Action = "s3:PutObject", Resource = local.shuffle.sum }
    read_sum     = { Sid = "CompareWithTheSumOfEmittedPairs", Action = "s3:GetObject", Resource = local.shuffle.sum }
    write_packed = { Sid = "StorePackedPairs", Action = local.upload, Resource = local.shuffle.packed }
    read_packed  = { Sid = "ReadPackedPairs", Action = "s3:GetObject", Resource = local.shuffle.packed }
    write_index  = { Sid = "StoreTheIndexOfPackedPairs", Action = local.upload, Resource = local.shuffle.index }
    list_pairs = {
      Sid       = "ListPairsBelowAPrefixOnly"
      Action    = "s3:ListBucket"
      Resource  = var.bucket_arns["shuffle"]
      Condition = { StringLike = { "s3:prefix" = "?*" } }
    }

    # returns. Listing carries no condition: with s3:prefix in it, S3 answers 403 instead of 404 to a read of a value that
    # nobody has stored yet, since that read names no prefix.
    list_values            = { Sid = "SeeWhichValuesAreStored", Action = "s3:ListBucket", Resource = var.bucket_arns["returns"] }
    read_unum_map_values   = { Sid = "ReadTheValueOfTheEntry", Action = "s3:GetObject", Resource = local.values["unum_map"] }
    write_unum_map_values  = { Sid = "StoreTheValueOfTheEntry", Action = "s3:PutObject", Resource = local.values["unum_map"] }
    read_mapper_values     = { Sid = "ReadValuesOfMappers", Action = "s3:GetObject", Resource = local.values["mapper"] }
    write_mapper_values    = { Sid = "StoreValuesOfMappers", Action = "s3:PutObject", Resource = local.values["mapper"] }
    read_partition_values  = { Sid = "ReadTheValueOfPartition", Action = "s3:GetObject", Resource = local.values["partition"] }
    write_partition_values = { Sid = "StoreTheValueOfPartition", Action = "s3:PutObject", Resource = local.values["partition"] }
    read_reducer_values    = { Sid = "ReadValuesOfReducers", Action = "s3:GetObject", Resource = local.values["reducer"] }
    write_reducer_values   = { Sid = "StoreValuesOfReducers", Action = "s3:PutObject", Resource = local.values["reducer"] }
    read_unum_map_input    = { Sid = "TakeOutTheClaimCheckOfTheEntry", Action = "s3:GetObject", Resource = local.inputs["unum_map"] }
    read_mapper_input      = { Sid = "TakeOutClaimChecksOfMappers", Action = "s3:GetObject", Resource = local.inputs["mapper"] }
    write_mapper_input     = { Sid = "PutInClaimChecksOfMappers", Action = "s3:PutObject", Resource = local.inputs["mapper"] }
    read_partition_input   = { Sid = "TakeOutTheClaimCheckOfPartition", Action = "s3:GetObject", Resource = local.inputs["partition"] }
    write_partition_input  = { Sid = "PutInTheClaimCheckOfPartition", Action = "s3:PutObject", Resource = local.inputs["partition"] }
    read_reducer_input     = { Sid = "TakeOutClaimChecksOfReducers", Action = "s3:GetObject", Resource = local.inputs["reducer"] }
    write_reducer_input    = { Sid = "PutInClaimChecksOfReducers", Action = "s3:PutObject", Resource = local.inputs["reducer"] }
    read_summary_input     = { Sid = "TakeOutTheClaimCheckOfSummary", Action = "s3:GetObject", Resource = local.inputs["summary"] }
    write_summary_input    = { Sid = "PutInTheClaimCheckOfSummary", Action = "s3:PutObject", Resource = local.inputs["summary"] }

    # results. Listing carries no condition, for the same reason.
    list_results  = { Sid = "SeeHowTheRunHasEnded", Action = "s3:ListBucket", Resource = var.bucket_arns["results"] }
    read_result   = { Sid = "CompareWithAResultAlreadyStored", Action = "s3:GetObject", Resource = "${var.bucket_arns["results"]}/*/result.json" }
    write_result  = { Sid = "StoreTheResult", Action = "s3:PutObject", Resource = "${var.bucket_arns["results"]}/*/result.json" }
    see_claim     = { Sid = "TellALateEndFromTheRunsOwn", Action = "s3:GetObject", Resource = "${var.bucket_arns["results"]}/*/run.json" }
    mark_open     = { Sid = "TellTheKeeperOfARunThatNobodyClaimed", Action = "s3:PutObject", Resource = "${var.bucket_arns["results"]}/.open/*" }
    close_open    = { Sid = "ForgetRunsThatHaveEnded", Action = "s3:DeleteObject", Resource = "${var.bucket_arns["results"]}/.open/*" }
    write_failure = { Sid = "RecordTheFailure", Action = "s3:PutObject", Resource = "${var.bucket_arns["results"]}/*/failed.json" }
  }
}
