# The policies, decoded: exact actions on exact resources, none wider than the function behind it needs.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "credentials"
  source = "./tests/mocks"
}

run "each_function_of_sfn_may_do_what_it_does_and_no_more" {
  command = plan

  variables {
    orchestration = "sfn"
  }

  # "action resource", the ARN shortened to what is particular: the bucket's role or the function's name.
  assert {
    condition = jsonencode({
      for function, policy in module.iam.policies : function => sort(flatten([
        for statement in jsondecode(policy).Statement : [
          for action in flatten([statement.Action]) : [
            for resource in flatten([statement.Resource]) :
            "${action} ${replace(replace(replace(resource, "-${local.place}", ""), "arn:aws:s3:::wordcount-sfn-", ""), "/^arn:aws:(lambda|logs):us-east-1:123456789012:(function|log-group):/", "")}"
          ]
        ]
      ]))
      }) == jsonencode({
      recorder = [
        "logs:CreateLogStream /aws/lambda/wordcount-sfn-recorder:*",
        "logs:PutLogEvents /aws/lambda/wordcount-sfn-recorder:*",
        "s3:GetObject results/*/run.json",
        "s3:ListBucket results",
        "s3:PutObject results/*/failed.json",
      ]
      mapper = [
        "logs:CreateLogStream /aws/lambda/wordcount-sfn-mapper:*",
        "logs:PutLogEvents /aws/lambda/wordcount-sfn-mapper:*",
        "s3:AbortMultipartUpload shuffle/*/packed/*",
        "s3:GetObject returns/*/mapper.input/*",
        "s3:ListBucket results",
        "s3:PutObject shuffle/*/emitted/*",
        "s3:PutObject shuffle/*/packed/*",
        "s3:PutObject shuffle/*/reducer*/*",
      ]
      partition = [
        "logs:CreateLogStream /aws/lambda/wordcount-sfn-partition:*",
        "logs:PutLogEvents /aws/lambda/wordcount-sfn-partition:*",
        "s3:AbortMultipartUpload shuffle/*/packed/index",
        "s3:GetObject shuffle/*/emitted/*",
        "s3:GetObject shuffle/*/packed/*",
        "s3:ListBucket results",
        "s3:ListBucket shuffle",
        "s3:PutObject shuffle/*/emitted/sum",
        "s3:PutObject shuffle/*/packed/index",
      ]
      reducer = [
        "logs:CreateLogStream /aws/lambda/wordcount-sfn-reducer:*",
        "logs:PutLogEvents /aws/lambda/wordcount-sfn-reducer:*",
        "s3:GetObject shuffle/*/emitted/sum",
        "s3:GetObject shuffle/*/packed/*",
        "s3:GetObject shuffle/*/reducer*/*",
        "s3:ListBucket results",
        "s3:ListBucket shuffle",
        "s3:PutObject returns/*/reducer/*",
      ]
      summary = [
        "logs:CreateLogStream /aws/lambda/wordcount-sfn-summary:*",
        "logs:PutLogEvents /aws/lambda/wordcount-sfn-summary:*",
        "s3:GetObject results/*/result.json",
        "s3:GetObject returns/*/reducer/*",
        "s3:ListBucket results",
        "s3:PutObject results/*/result.json",
      ]
    })
    error_message = "The permissions of sfn's functions are not those of the contract."
  }

  assert {
    condition = jsonencode(jsondecode(module.sfn[0].policy).Statement) == jsonencode([{
      Action = "lambda:InvokeFunction"
      Effect = "Allow"
      Resource = [
        for function in ["mapper", "partition", "recorder", "reducer", "summary"] :
        "arn:aws:lambda:us-east-1:123456789012:function:wordcount-sfn-${function}"
      ]
      Sid = "InvokeTheFunctions"
    }])
    error_message = "The state machine invokes its five functions and does nothing else."
  }

  assert {
    condition     = length(module.iam.s3_full_access) == 0
    error_message = "AmazonS3FullAccess is attached only when asked for."
  }
}

run "each_function_of_http_sync_s3_may_do_what_it_does_and_no_more" {
  command = plan

  variables {
    orchestration = "http_sync_s3"
  }

  assert {
    condition = jsonencode({
      for function, policy in module.iam.policies : function => sort(flatten([
        for statement in jsondecode(policy).Statement : [
          for action in flatten([statement.Action]) : [
            for resource in flatten([statement.Resource]) :
            "${action} ${replace(replace(replace(resource, "-${local.place}", ""), "arn:aws:s3:::wordcount-http-sync-s3-", ""), "arn:aws:lambda:us-east-1:123456789012:function:wordcount-http_sync_s3-", "")}"
          ]
        ] if statement.Sid != "WriteTheOwnLog"
      ]))
      }) == jsonencode({
      recorder = [
        "s3:DeleteObject results/.open/*",
        "s3:ListBucket results",
        "s3:PutObject results/*/failed.json",
      ]
      mapper = [
        "lambda:InvokeFunction mapper",
        "lambda:InvokeFunction partition",
        "lambda:InvokeFunction recorder",
        "s3:AbortMultipartUpload shuffle/*/packed/*",
        "s3:GetObject returns/*/mapper.input/*",
        "s3:GetObject returns/*/mapper/*",
        "s3:ListBucket results",
        "s3:ListBucket returns",
        "s3:PutObject returns/*/mapper/*",
        "s3:PutObject shuffle/*/emitted/*",
        "s3:PutObject shuffle/*/packed/*",
        "s3:PutObject shuffle/*/reducer*/*",
      ]
      partition = [
        "lambda:InvokeFunction recorder",
        "lambda:InvokeFunction reducer",
        "lambda:InvokeFunction summary",
        "s3:AbortMultipartUpload shuffle/*/packed/index",
        "s3:GetObject returns/*/mapper/*",
        "s3:GetObject returns/*/partition/*",
        "s3:GetObject shuffle/*/emitted/*",
        "s3:GetObject shuffle/*/packed/*",
        "s3:ListBucket results",
        "s3:ListBucket returns",
        "s3:ListBucket shuffle",
        "s3:PutObject returns/*/partition/*",
        "s3:PutObject shuffle/*/emitted/sum",
        "s3:PutObject shuffle/*/packed/index",
      ]
      reducer = [
        "lambda:InvokeFunction recorder",
        "lambda:InvokeFunction reducer",
        "lambda:InvokeFunction summary",
        "s3:GetObject returns/*/reducer/*",
        "s3:GetObject shuffle/*/emitted/sum",
        "s3:GetObject shuffle/*/packed/*",
        "s3:GetObject shuffle/*/reducer*/*",
        "s3:ListBucket results",
        "s3:ListBucket returns",
        "s3:ListBucket shuffle",
        "s3:PutObject returns/*/reducer/*",
      ]
      summary = [
        "lambda:InvokeFunction recorder",
        "s3:GetObject results/*/result.json",
        "s3:GetObject returns/*/reducer/*",
        "s3:ListBucket results",
        "s3:ListBucket returns",
        "s3:PutObject results/*/result.json",
      ]
      unum_map = [
        "lambda:InvokeFunction mapper",
        "lambda:InvokeFunction partition",
        "lambda:InvokeFunction recorder",
        "s3:GetObject returns/*/unum_map.input/*",
        "s3:GetObject returns/*/unum_map/*",
        "s3:ListBucket results",
        "s3:ListBucket returns",
        "s3:PutObject results/.open/*",
        "s3:PutObject returns/*/mapper.input/*",
        "s3:PutObject returns/*/unum_map/*",
      ]
    })
    error_message = "The permissions of http_sync_s3's functions are not those of the contract."
  }
}

run "each_function_of_http_only_may_do_what_it_does_and_no_more" {
  command = plan

  variables {
    orchestration = "http_only"
  }

  assert {
    condition = jsonencode({
      for function, policy in module.iam.policies : function => sort(flatten([
        for statement in jsondecode(policy).Statement : [
          for action in flatten([statement.Action]) : [
            for resource in flatten([statement.Resource]) :
            "${action} ${replace(replace(replace(resource, "-${local.place}", ""), "arn:aws:s3:::wordcount-http-only-", ""), "/^arn:aws:(lambda|dynamodb):us-east-1:123456789012:(function:|table/)?wordcount-http_only-/", "")}"
          ]
        ] if statement.Sid != "WriteTheOwnLog"
      ]))
      }) == jsonencode({
      recorder = [
        "s3:DeleteObject results/.open/*",
        "s3:ListBucket results",
        "s3:PutObject results/*/failed.json",
      ]
      mapper = [
        "s3:AbortMultipartUpload shuffle/*/packed/*",
        "s3:GetObject returns/*/mapper.input/*",
        "s3:ListBucket results",
        "s3:PutObject returns/*/mapper/*",
        "s3:PutObject shuffle/*/emitted/*",
        "s3:PutObject shuffle/*/packed/*",
        "s3:PutObject shuffle/*/reducer*/*",
      ]
      partition = [
        "lambda:InvokeFunction reducer",
        "lambda:InvokeFunction summary",
        "s3:AbortMultipartUpload shuffle/*/packed/index",
        "s3:GetObject returns/*/mapper/*",
        "s3:GetObject returns/*/partition.input/*",
        "s3:GetObject returns/*/partition/*",
        "s3:GetObject shuffle/*/emitted/*",
        "s3:GetObject shuffle/*/packed/*",
        "s3:ListBucket results",
        "s3:ListBucket returns",
        "s3:ListBucket shuffle",
        "s3:PutObject returns/*/partition/*",
        "s3:PutObject returns/*/reducer.input/*",
        "s3:PutObject returns/*/reducer/*",
        "s3:PutObject returns/*/summary.input/*",
        "s3:PutObject shuffle/*/emitted/sum",
        "s3:PutObject shuffle/*/packed/index",
      ]
      reducer = [
        "s3:GetObject returns/*/reducer.input/*",
        "s3:GetObject shuffle/*/emitted/sum",
        "s3:GetObject shuffle/*/packed/*",
        "s3:GetObject shuffle/*/reducer*/*",
        "s3:ListBucket results",
        "s3:ListBucket shuffle",
        "s3:PutObject returns/*/reducer/*",
      ]
      summary = [
        "s3:GetObject results/*/result.json",
        "s3:GetObject returns/*/reducer/*",
        "s3:GetObject returns/*/summary.input/*",
        "s3:ListBucket results",
        "s3:PutObject results/*/result.json",
      ]
      unum_map = [
        "lambda:InvokeFunction mapper",
        "lambda:InvokeFunction partition",
        "lambda:InvokeFunction recorder",
        "s3:GetObject returns/*/unum_map.input/*",
        "s3:ListBucket results",
        "s3:ListBucket returns",
        "s3:PutObject results/*/failed.json",
        "s3:PutObject results/.open/*",
        "s3:PutObject returns/*/mapper.input/*",
        "s3:PutObject returns/*/mapper/*",
        "s3:PutObject returns/*/partition.input/*",
      ]
    })
    error_message = "The permissions of http_only's functions are not those of the contract."
  }
}

run "each_function_of_s3_triggers_may_do_what_it_does_and_no_more" {
  command = plan

  variables {
    orchestration = "s3_triggers"
  }

  assert {
    condition = jsonencode({
      for function, policy in module.iam.policies : function => sort(flatten([
        for statement in jsondecode(policy).Statement : [
          for action in flatten([statement.Action]) : [
            for resource in flatten([statement.Resource]) :
            "${action} ${replace(replace(replace(resource, "-${local.place}", ""), "arn:aws:s3:::wordcount-s3-triggers-", ""), "/^arn:aws:(lambda|dynamodb):us-east-1:123456789012:(function:|table/)?wordcount-s3_triggers-/", "")}"
          ]
        ] if statement.Sid != "WriteTheOwnLog"
      ]))
      }) == jsonencode({
      recorder = [
        "s3:DeleteObject results/.open/*",
        "s3:ListBucket results",
        "s3:PutObject results/*/failed.json",
      ]
      mapper = [
        "lambda:InvokeFunction recorder",
        "s3:AbortMultipartUpload shuffle/*/packed/*",
        "s3:GetObject mapper-input/*/*.json",
        "s3:GetObject mapper-input/*/.unum_map",
        "s3:GetObject mapper-output/*/*.json",
        "s3:GetObject mapper-output/*/.sync",
        "s3:ListBucket mapper-input",
        "s3:ListBucket mapper-output",
        "s3:ListBucket results",
        "s3:PutObject mapper-output/*/*.json",
        "s3:PutObject mapper-output/*/.sync",
        "s3:PutObject results/.open/*",
        "s3:PutObject shuffle/*/emitted/*",
        "s3:PutObject shuffle/*/packed/*",
        "s3:PutObject shuffle/*/reducer*/*",
      ]
      partition = [
        "lambda:InvokeFunction recorder",
        "s3:AbortMultipartUpload shuffle/*/packed/index",
        "s3:GetObject mapper-output/*/*.json",
        "s3:GetObject mapper-output/*/.lock",
        "s3:GetObject mapper-output/*/.sync",
        "s3:GetObject reducer-input/*/*.json",
        "s3:GetObject reducer-input/*/.unum_map",
        "s3:GetObject reducer-output/*/*.json",
        "s3:GetObject reducer-output/*/.sync",
        "s3:GetObject shuffle/*/emitted/*",
        "s3:GetObject shuffle/*/packed/*",
        "s3:ListBucket mapper-output",
        "s3:ListBucket reducer-input",
        "s3:ListBucket reducer-output",
        "s3:ListBucket results",
        "s3:ListBucket shuffle",
        "s3:PutObject mapper-output/*/.lock",
        "s3:PutObject reducer-input/*/*.json",
        "s3:PutObject reducer-input/*/.unum_map",
        "s3:PutObject reducer-output/*/*.json",
        "s3:PutObject reducer-output/*/.sync",
        "s3:PutObject shuffle/*/emitted/sum",
        "s3:PutObject shuffle/*/packed/index",
      ]
      reducer = [
        "lambda:InvokeFunction recorder",
        "s3:GetObject reducer-input/*/*.json",
        "s3:GetObject reducer-input/*/.unum_map",
        "s3:GetObject reducer-output/*/*.json",
        "s3:GetObject reducer-output/*/.sync",
        "s3:GetObject shuffle/*/emitted/sum",
        "s3:GetObject shuffle/*/packed/*",
        "s3:GetObject shuffle/*/reducer*/*",
        "s3:ListBucket reducer-input",
        "s3:ListBucket reducer-output",
        "s3:ListBucket results",
        "s3:ListBucket shuffle",
        "s3:PutObject reducer-output/*/*.json",
        "s3:PutObject reducer-output/*/.sync",
      ]
      summary = [
        "lambda:InvokeFunction recorder",
        "s3:GetObject reducer-output/*/*.json",
        "s3:GetObject reducer-output/*/.lock",
        "s3:GetObject reducer-output/*/.sync",
        "s3:GetObject results/*/result.json",
        "s3:ListBucket reducer-output",
        "s3:ListBucket results",
        "s3:PutObject reducer-output/*/.lock",
        "s3:PutObject results/*/result.json",
      ]
    })
    error_message = "The permissions of s3_triggers's functions are not those of the contract."
  }
}

run "each_function_of_dynamodb_triggers_may_do_what_it_does_and_no_more" {
  command = plan

  variables {
    orchestration = "dynamodb_triggers"
  }

  assert {
    condition = jsonencode({
      for function, policy in module.iam.policies : function => sort(flatten([
        for statement in jsondecode(policy).Statement : [
          for action in flatten([statement.Action]) : [
            for resource in flatten([statement.Resource]) :
            "${action} ${replace(replace(replace(resource, "-${local.place}", ""), "arn:aws:s3:::wordcount-dynamodb-triggers-", ""), "/^arn:aws:(lambda|dynamodb):us-east-1:123456789012:(function:|table/)?wordcount-dynamodb_triggers-/", "")}"
          ]
        ] if statement.Sid != "WriteTheOwnLog"
      ]))
      }) == jsonencode({
      recorder = [
        "dynamodb:DescribeStream results/stream/*",
        "dynamodb:GetItem mapper-input",
        "dynamodb:GetItem mapper-output",
        "dynamodb:GetItem reducer-input",
        "dynamodb:GetItem reducer-output",
        "dynamodb:GetItem results",
        "dynamodb:GetRecords results/stream/*",
        "dynamodb:GetShardIterator results/stream/*",
        "dynamodb:ListStreams results/stream/*",
        "s3:DeleteObject given-up/aws/lambda/*",
        "s3:DeleteObject results/.open/*",
        "s3:GetObject given-up/aws/lambda/*",
        "s3:ListBucket given-up",
        "s3:ListBucket results",
        "s3:PutObject given-up/aws/lambda/*",
        "s3:PutObject results/*/failed.json",
      ]
      mapper = [
        "dynamodb:DescribeStream mapper-input/stream/*",
        "dynamodb:GetItem mapper-input",
        "dynamodb:GetItem mapper-output",
        "dynamodb:GetRecords mapper-input/stream/*",
        "dynamodb:GetShardIterator mapper-input/stream/*",
        "dynamodb:ListStreams mapper-input/stream/*",
        "dynamodb:PutItem mapper-output",
        "dynamodb:PutItem results",
        "dynamodb:UpdateItem mapper-input",
        "dynamodb:UpdateItem mapper-output",
        "s3:AbortMultipartUpload shuffle/*/packed/*",
        "s3:GetObject returns/*/mapper.input/*",
        "s3:GetObject returns/*/mapper/*",
        "s3:ListBucket given-up",
        "s3:ListBucket results",
        "s3:PutObject given-up/aws/lambda/*",
        "s3:PutObject returns/*/mapper/*",
        "s3:PutObject shuffle/*/emitted/*",
        "s3:PutObject shuffle/*/packed/*",
        "s3:PutObject shuffle/*/reducer*/*",
      ]
      partition = [
        "dynamodb:BatchGetItem mapper-output",
        "dynamodb:DescribeStream mapper-output/stream/*",
        "dynamodb:GetItem mapper-output",
        "dynamodb:GetItem reducer-input",
        "dynamodb:GetRecords mapper-output/stream/*",
        "dynamodb:GetShardIterator mapper-output/stream/*",
        "dynamodb:ListStreams mapper-output/stream/*",
        "dynamodb:PutItem reducer-input",
        "dynamodb:PutItem reducer-output",
        "dynamodb:PutItem results",
        "dynamodb:UpdateItem mapper-output",
        "s3:AbortMultipartUpload shuffle/*/packed/index",
        "s3:GetObject returns/*/mapper/*",
        "s3:GetObject returns/*/partition/*",
        "s3:GetObject shuffle/*/emitted/*",
        "s3:GetObject shuffle/*/packed/*",
        "s3:ListBucket given-up",
        "s3:ListBucket results",
        "s3:ListBucket shuffle",
        "s3:PutObject given-up/aws/lambda/*",
        "s3:PutObject returns/*/partition/*",
        "s3:PutObject returns/*/reducer.input/*",
        "s3:PutObject shuffle/*/emitted/sum",
        "s3:PutObject shuffle/*/packed/index",
      ]
      reducer = [
        "dynamodb:DescribeStream reducer-input/stream/*",
        "dynamodb:GetItem reducer-input",
        "dynamodb:GetItem reducer-output",
        "dynamodb:GetRecords reducer-input/stream/*",
        "dynamodb:GetShardIterator reducer-input/stream/*",
        "dynamodb:ListStreams reducer-input/stream/*",
        "dynamodb:PutItem reducer-output",
        "dynamodb:PutItem results",
        "dynamodb:UpdateItem reducer-input",
        "dynamodb:UpdateItem reducer-output",
        "s3:GetObject returns/*/reducer.input/*",
        "s3:GetObject returns/*/reducer/*",
        "s3:GetObject shuffle/*/emitted/sum",
        "s3:GetObject shuffle/*/packed/*",
        "s3:GetObject shuffle/*/reducer*/*",
        "s3:ListBucket given-up",
        "s3:ListBucket results",
        "s3:ListBucket shuffle",
        "s3:PutObject given-up/aws/lambda/*",
        "s3:PutObject returns/*/reducer/*",
      ]
      summary = [
        "dynamodb:BatchGetItem reducer-output",
        "dynamodb:DescribeStream reducer-output/stream/*",
        "dynamodb:GetItem reducer-output",
        "dynamodb:GetRecords reducer-output/stream/*",
        "dynamodb:GetShardIterator reducer-output/stream/*",
        "dynamodb:ListStreams reducer-output/stream/*",
        "dynamodb:PutItem results",
        "dynamodb:UpdateItem reducer-output",
        "s3:GetObject results/*/result.json",
        "s3:GetObject returns/*/reducer/*",
        "s3:ListBucket given-up",
        "s3:ListBucket results",
        "s3:PutObject given-up/aws/lambda/*",
        "s3:PutObject results/*/result.json",
      ]
    })
    error_message = "The permissions of dynamodb_triggers's functions are not those of the contract."
  }
}

run "no_policy_of_sfn_has_a_wildcard" {
  command = plan

  variables {
    orchestration = "sfn"
    sfn_map_mode  = "DISTRIBUTED"
  }

  assert {
    condition = alltrue(flatten([
      for policy in concat(values(module.iam.policies), [module.sfn[0].policy]) : [
        for statement in jsondecode(policy).Statement : [for action in flatten([statement.Action]) : !strcontains(action, "*")]
      ]
    ]))
    error_message = "An action is spelt out, never service:* or *."
  }

  assert {
    condition = alltrue(flatten([
      for policy in concat(values(module.iam.policies), [module.sfn[0].policy]) : [
        for statement in jsondecode(policy).Statement : [
          for resource in flatten([statement.Resource]) : can(regex("^arn:aws:[a-z0-9]+:[^:*]*:[^:*]*:[^*]*wordcount-sfn", resource))
        ]
      ]
    ]))
    error_message = "A resource names this deployment before its first wildcard."
  }
}

run "no_policy_of_http_sync_s3_has_a_wildcard" {
  command = plan

  variables {
    orchestration = "http_sync_s3"
  }

  assert {
    condition = alltrue(flatten([
      for policy in values(module.iam.policies) : [
        for statement in jsondecode(policy).Statement : [for action in flatten([statement.Action]) : !strcontains(action, "*")]
      ]
    ]))
    error_message = "An action is spelt out, never service:* or *."
  }

  assert {
    condition = alltrue(flatten([
      for policy in values(module.iam.policies) : [
        for statement in jsondecode(policy).Statement : [
          for resource in flatten([statement.Resource]) : can(regex("^arn:aws:[a-z0-9]+:[^:*]*:[^:*]*:[^*]*wordcount-http[-_]sync[-_]s3", resource))
        ]
      ]
    ]))
    error_message = "A resource names this deployment before its first wildcard."
  }
}

run "no_policy_of_http_only_has_a_wildcard" {
  command = plan

  variables {
    orchestration = "http_only"
  }

  assert {
    condition = alltrue(flatten([
      for policy in values(module.iam.policies) : [
        for statement in jsondecode(policy).Statement : [for action in flatten([statement.Action]) : !strcontains(action, "*")]
      ]
    ]))
    error_message = "An action is spelt out, never service:* or *."
  }

  assert {
    condition = alltrue(flatten([
      for policy in values(module.iam.policies) : [
        for statement in jsondecode(policy).Statement : [
          for resource in flatten([statement.Resource]) : can(regex("^arn:aws:[a-z0-9]+:[^:*]*:[^:*]*:[^*]*wordcount-http[-_]only", resource))
        ]
      ]
    ]))
    error_message = "A resource names this deployment before its first wildcard."
  }
}

run "no_policy_of_s3_triggers_has_a_wildcard" {
  command = plan

  variables {
    orchestration = "s3_triggers"
  }

  assert {
    condition = alltrue(flatten([
      for policy in values(module.iam.policies) : [
        for statement in jsondecode(policy).Statement : [for action in flatten([statement.Action]) : !strcontains(action, "*")]
      ]
    ]))
    error_message = "An action is spelt out, never service:* or *."
  }

  assert {
    condition = alltrue(flatten([
      for policy in values(module.iam.policies) : [
        for statement in jsondecode(policy).Statement : [
          for resource in flatten([statement.Resource]) : can(regex("^arn:aws:[a-z0-9]+:[^:*]*:[^:*]*:[^*]*wordcount-s3[-_]triggers", resource))
        ]
      ]
    ]))
    error_message = "A resource names this deployment before its first wildcard."
  }
}

run "no_policy_of_dynamodb_triggers_has_a_wildcard" {
  command = plan

  variables {
    orchestration = "dynamodb_triggers"
  }

  assert {
    condition = alltrue(flatten([
      for policy in values(module.iam.policies) : [
        for statement in jsondecode(policy).Statement : [for action in flatten([statement.Action]) : !strcontains(action, "*")]
      ]
    ]))
    error_message = "An action is spelt out, never service:* or *."
  }

  assert {
    condition = alltrue(flatten([
      for policy in values(module.iam.policies) : [
        for statement in jsondecode(policy).Statement : [
          for resource in flatten([statement.Resource]) : can(regex("^arn:aws:[a-z0-9]+:[^:*]*:[^:*]*:[^*]*wordcount-dynamodb[-_]triggers", resource))
        ]
      ]
    ]))
    error_message = "A resource names this deployment before its first wildcard."
  }
}

run "the_missions_full_access_is_opt_in" {
  command = plan

  variables {
    orchestration  = "sfn"
    s3_full_access = true
  }

  assert {
    condition     = jsonencode(module.iam.s3_full_access) == jsonencode(["mapper", "partition", "reducer"])
    error_message = "With s3_full_access the mission's three functions get the managed policy, and no other does."
  }
}

run "listing_the_whole_shuffle_bucket_is_not_granted" {
  command = plan

  variables {
    orchestration = "http_sync_s3"
  }

  assert {
    condition = jsonencode(distinct(flatten([
      for policy in values(module.iam.policies) : [
        for statement in jsondecode(policy).Statement : try(statement.Condition, "none")
        if statement.Action == "s3:ListBucket" && try(strcontains(statement.Resource, "-shuffle-"), false)
      ]
    ]))) == jsonencode([{ StringLike = { "s3:prefix" = "?*" } }])
    error_message = "Emitted pairs are listed below a prefix only: one run's, never everybody's."
  }
}
