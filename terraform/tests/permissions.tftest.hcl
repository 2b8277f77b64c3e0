# The policies, decoded: exact actions on exact resources, none wider than the function behind it needs.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "each_function_may_do_what_it_does_and_no_more" {
  command = plan

  module {
    source = "./tests/every"
  }

  assert {
    condition     = jsonencode(local.permissions) == jsonencode(jsondecode(file("tests/permissions.json")))
    error_message = "tests/permissions.json lists what each function of each orchestration may do. This is what it may do now: ${jsonencode(local.permissions)}"
  }

  assert {
    condition = alltrue(flatten([
      for deployed in values(local.deployed) : [
        for one in values(deployed.functions) : [
          for statement in jsondecode(one.policy).Statement :
          statement.Action == ["logs:CreateLogStream", "logs:PutLogEvents"] && statement.Resource == ["arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/${one.name}:*"]
          if statement.Sid == "WriteTheOwnLog"
        ]
      ]
    ]))
    error_message = "A function writes its own log and no other."
  }

  assert {
    condition     = !anytrue(flatten([for deployed in values(local.deployed) : [for one in values(deployed.functions) : one.full_access_to_s3]]))
    error_message = "AmazonS3FullAccess is attached only when asked for."
  }

  assert {
    condition = jsonencode(distinct(flatten([
      for deployed in values(local.deployed) : [
        for one in values(deployed.functions) : [
          for statement in jsondecode(one.policy).Statement : try(statement.Condition, "none") if strcontains(jsonencode(statement), "s3:ListBucket") && strcontains(jsonencode(statement.Resource), "-shuffle-")
        ]
      ]
    ]))) == jsonencode([{ StringLike = { "s3:prefix" = ["?*"] } }, { StringLike = { "s3:prefix" = ["?*/parts/"] } }])
    error_message = "Emitted pairs are listed below a prefix only: one run's, never everybody's."
  }

  assert {
    condition = jsondecode(module.sfn.deployed.policy).Statement == [{
      Action = "lambda:InvokeFunction"
      Effect = "Allow"
      Resource = [
        for function in ["mapper", "partition", "recorder", "reducer", "summary"] :
        "arn:aws:lambda:us-east-1:123456789012:function:wordcount-sfn-${function}"
      ]
      Sid = "InvokeTheFunctions"
    }]
    error_message = "The state machine invokes its five functions and does nothing else."
  }
}

run "no_policy_has_a_wildcard" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    settings = { sfn = { map_mode = "DISTRIBUTED" }, http_sync_s3 = { return_store = "dynamodb" } }
  }

  assert {
    condition = alltrue(flatten([
      for orchestration, deployed in local.deployed : [
        for policy in concat([for one in values(deployed.functions) : one.policy], orchestration == "sfn" ? [module.sfn.deployed.policy] : []) : [
          for statement in jsondecode(policy).Statement : concat(
            [for action in flatten([statement.Action]) : !strcontains(action, "*")],
            [for resource in flatten([statement.Resource]) : can(regex("^arn:aws:[a-z0-9]+:[^:*]*:[^:*]*:[^*]*wordcount-${replace(orchestration, "_", "[-_]")}", resource))],
          )
        ]
      ]
    ]))
    error_message = "An action is spelt out, and a resource names this deployment before its first wildcard."
  }

  assert {
    condition = flatten([for statement in jsondecode(module.sfn.deployed.policy).Statement : statement.Action]) == [
      "lambda:InvokeFunction", "states:StartExecution", "states:DescribeExecution", "states:StopExecution",
      "states:RedriveExecution", "s3:GetObject",
    ]
    error_message = "A Distributed Map starts, watches, stops and redrives its children and reads its input."
  }
}

run "results_go_to_the_buckets_that_are_named_and_to_no_others" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    common = { outside_buckets = { input = [], output = ["my-results", "others"] } }
  }

  assert {
    condition = alltrue([
      for deployed in values(local.deployed) : jsonencode({
        for function, one in deployed.functions : function => [
          for statement in jsondecode(one.policy).Statement : merge(statement, { Effect = null })
          if strcontains(jsonencode(statement.Resource), "my-results")
        ] if strcontains(one.policy, "my-results")
        }) == jsonencode({
        mapper = [{
          Action   = ["s3:GetObject"]
          Effect   = null
          Resource = ["arn:aws:s3:::my-results/*/part-*.jsonl", "arn:aws:s3:::others/*/part-*.jsonl"]
          Sid      = "ReadTheResultOfAnotherRun"
        }]
        reducer = [{
          Action   = ["s3:AbortMultipartUpload", "s3:PutObject"]
          Effect   = null
          Resource = ["arn:aws:s3:::my-results/*/part-*.jsonl", "arn:aws:s3:::others/*/part-*.jsonl"]
          Sid      = "WriteAPartOfTheResult"
        }]
        summary = [
          {
            Action    = ["s3:ListBucket"]
            Condition = { StringLike = { "s3:prefix" = ["?*"] } }
            Effect    = null
            Resource  = ["arn:aws:s3:::my-results", "arn:aws:s3:::others"]
            Sid       = "SeeThePartsOfTheResult"
          },
          {
            Action   = ["s3:PutObject"]
            Effect   = null
            Resource = flatten([for bucket in ["my-results", "others"] : [for name in ["manifest.json", "_SUCCESS"] : "arn:aws:s3:::${bucket}/*/${name}"]])
            Sid      = "SayThatTheResultIsWhole"
          },
        ]
      })
    ])
    error_message = "Reducers write parts, summary lists them and writes manifest and sign, and mappers read parts, in each of output_buckets and nowhere else."
  }
}

run "input_is_read_in_the_buckets_that_are_named_and_in_no_others" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    common = { outside_buckets = { input = ["my-logs", "others"], output = [] } }
  }

  assert {
    condition = alltrue([
      for deployed in values(local.deployed) : jsonencode({
        for function, one in deployed.functions : function => [
          for statement in jsondecode(one.policy).Statement : merge(statement, { Effect = null })
          if strcontains(jsonencode(statement.Resource), "my-logs")
        ] if strcontains(one.policy, "my-logs")
        }) == jsonencode({
        mapper = [{
          Action   = ["s3:GetObject"]
          Effect   = null
          Resource = ["arn:aws:s3:::my-logs/*", "arn:aws:s3:::others/*"]
          Sid      = "ReadTheInput"
        }]
      })
    ])
    error_message = "Mappers read objects in each of input_buckets, and no other function does anything there."
  }
}

run "the_missions_full_access_is_opt_in" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    common = { s3_full_access = true }
  }

  assert {
    condition = alltrue([
      for deployed in values(local.deployed) : join(" ", [for function, one in deployed.functions : function if one.full_access_to_s3]) == "mapper partition reducer"
    ])
    error_message = "With s3_full_access the mission's three functions get the managed policy, and no other does."
  }
}
