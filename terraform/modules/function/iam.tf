# The function's role, and its policy: a statement for each thing that it does, with a Sid that says what for.
#
# Keys in the buckets that all orchestrations have. A run id is their first part and is made after deployment, so it is a wildcard;
# all the rest is literal.
#   results  {run}/result.json, {run}/failed.json, {run}/run.json (the client's claim)
#            .open/{run}/{deadline}               a run that may be open, for the keeper
#            .counters/{run}/{function}/{index}.json  what the programmer's functions have counted
#   returns  {run}/{function}/{index}.json        return values
#            {run}/{function}.input/{index}.json  claim checks: what that function is given when its carrier can't hold it
locals {
  function_arns = "${local.common.arn_prefix}:lambda:${local.common.region}:${local.common.account_id}:function:${local.common.name}"
  results       = var.buckets["results"].arn

  counters = ["${local.results}/.counters/*/${var.place.Name}/*"]
  outside  = { for role, buckets in local.common.outside_buckets : role => [for bucket in buckets : "${local.common.arn_prefix}:s3:::${bucket}"] }

  # What every function does. Listing carries no condition: with s3:prefix in it, S3 answers 403 instead of 404 to a read of what
  # nobody has stored yet, since that read names no prefix.
  own = [
    { sid = "SeeHowTheRunHasEnded", actions = ["s3:ListBucket"], resources = [local.results] },
    { sid = "CompareWithAResultAlreadyStored", actions = ["s3:GetObject"], resources = var.place.Last ? ["${local.results}/*/result.json"] : [] },
    { sid = "StoreTheResult", actions = ["s3:PutObject"], resources = var.place.Last ? ["${local.results}/*/result.json"] : [] },
    { sid = "StoreWhatWasCountedOnce", actions = ["s3:GetObject", "s3:PutObject"], resources = local.needs.counts ? local.counters : [] },
    { sid = "InvokeWhatFollows", actions = ["lambda:InvokeFunction"], resources = [for next in var.invokes : "${local.function_arns}-${next}"] },
    { sid = "HandFinalFailuresToTheirRecorder", actions = ["lambda:InvokeFunction"], resources = var.recorder_arn == null ? [] : [var.recorder_arn] },
    { sid = "WriteTheOwnLog", actions = ["logs:CreateLogStream", "logs:PutLogEvents"], resources = ["${local.common.arn_prefix}:logs:${local.common.region}:${local.common.account_id}:log-group:/aws/lambda/${local.name}:*"] },
  ]

  # What the component does by itself, whoever calls it: functions/{function}/needs.json.
  component = [
    for grant in local.needs.grants : {
      sid     = grant.sid
      actions = grant.actions
      resources = flatten([
        for arn in lookup(local.outside, grant.bucket, null) == null ? [var.buckets[grant.bucket].arn] : local.outside[grant.bucket] :
        length(grant.keys) == 0 ? [arn] : [for key in grant.keys : "${arn}/${key}"]
      ])
      condition = length(grant.prefixes) == 0 ? null : { StringLike = { "s3:prefix" = grant.prefixes } }
    }
  ]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      for grant in concat(var.grants, local.component, local.own) : merge(
        { Sid = grant.sid, Effect = try(grant.effect, "Allow"), Action = grant.actions, Resource = grant.resources },
        try({ Condition = { for operator, keys in grant.condition : operator => keys } }, {}),
      ) if length(grant.resources) > 0
    ]
  })
}

resource "aws_iam_role" "this" {
  name        = local.role_name
  description = "What the function ${var.place.Name} of ${local.common.name} may do."

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "LambdaRunsTheFunctionWithThisRole"
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  lifecycle {
    precondition {
      condition     = length(local.role_name) <= 64
      error_message = "The role name \"${local.role_name}\" has ${length(local.role_name)} characters, and IAM takes 64 at most. Choose a shorter prefix, or a shorter name for the workflow's function."
    }
  }
}

resource "aws_iam_role_policy" "this" {
  name   = var.place.Name
  role   = aws_iam_role.this.name
  policy = local.policy
}

# Wider than anything that a component needs, and for those only that are given a bucket by name: the mission's three.
resource "aws_iam_role_policy_attachment" "s3_full_access" {
  count = local.common.s3_full_access && var.place.Destination != null ? 1 : 0

  role       = aws_iam_role.this.name
  policy_arn = "${local.common.arn_prefix}:iam::aws:policy/AmazonS3FullAccess"
}
