# Where the return values of http_sync_s3 wait: each store brings exactly its own resources, variables and permissions.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "credentials"
  source = "./tests/mocks"
}

variables {
  orchestration = "http_sync_s3"
}

run "s3_is_the_default_and_brings_nothing" {
  command = plan

  assert {
    condition     = length(module.return_store_dynamodb) == 0 && length(module.return_store_redis) == 0 && length(aws_lambda_layer_version.redis) == 0
    error_message = "Return values in S3 need no table, no cache, no network and no second layer."
  }

  assert {
    condition     = output.deployment.return_store == "s3" && output.deployment.redis_url == null && length(output.deployment.tables) == 0
    error_message = "The client is told which store it is."
  }

  assert {
    condition     = module.function["mapper"].environment.RETURN_STORE == "s3"
    error_message = "Functions are told which store it is."
  }
}

run "dynamodb_is_one_table" {
  command = plan

  variables {
    return_store = "dynamodb"
  }

  assert {
    condition     = module.return_store_dynamodb[0].name == "wordcount-http_sync_s3-returns" && output.deployment.tables == { returns = "wordcount-http_sync_s3-returns" }
    error_message = "The table's name is made of prefix and orchestration, and the client is told it."
  }

  assert {
    condition = alltrue([
      for function in ["unum_map", "mapper", "partition", "reducer", "summary"] :
      module.function[function].environment.RETURN_STORE == "dynamodb" && jsondecode(module.function[function].environment.TABLES).returns == "wordcount-http_sync_s3-returns"
    ])
    error_message = "Functions are told the table."
  }

  assert {
    condition     = length(module.return_store_redis) == 0 && length(aws_lambda_layer_version.redis) == 0 && length(module.dynamodb_triggers) == 0
    error_message = "There is nothing of another store or orchestration."
  }

  assert {
    condition     = length(module.http_sync_s3[0].recursion_allowed) == 0
    error_message = "Nobody waits, so no function may go on invoking itself."
  }

  assert {
    condition = jsonencode({
      for function, policy in module.iam.policies : function => sort(flatten([
        for statement in jsondecode(policy).Statement : [for action in flatten([statement.Action]) : action]
        if strcontains(jsonencode(statement.Resource), ":table/")
      ]))
      }) == jsonencode({
      unum_map  = ["dynamodb:GetItem", "dynamodb:PutItem"]
      mapper    = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      partition = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem"]
      reducer   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
      summary   = ["dynamodb:BatchGetItem"]
      recorder  = []
    })
    error_message = "Branches return and finish, fan-ins gather, and nobody does more."
  }

  assert {
    condition = jsonencode(distinct(flatten([
      for policy in values(module.iam.policies) : [
        for statement in jsondecode(policy).Statement : statement.Resource if strcontains(jsonencode(statement.Resource), ":table/")
      ]
    ]))) == jsonencode(["arn:aws:dynamodb:us-east-1:123456789012:table/wordcount-http_sync_s3-returns"])
    error_message = "Permissions are for that table alone."
  }

  assert {
    condition     = !strcontains(module.iam.policies["mapper"], "function:wordcount-http_sync_s3-mapper\"")
    error_message = "A mapper that doesn't wait does not invoke itself."
  }
}

run "a_table_of_return_values_expires_and_has_no_stream" {
  command = plan

  module {
    source = "./modules/return_store_dynamodb"
  }

  variables {
    name                   = "t"
    point_in_time_recovery = false
  }

  assert {
    condition     = aws_dynamodb_table.this.billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.this.hash_key == "Key" && aws_dynamodb_table.this.stream_enabled == null
    error_message = "On demand, by key, and nothing listens."
  }

  assert {
    condition     = one(aws_dynamodb_table.this.ttl).attribute_name == "Expires" && one(aws_dynamodb_table.this.ttl).enabled && length(aws_dynamodb_table.this.server_side_encryption) == 0
    error_message = "Items expire, and are encrypted."
  }
}

run "redis_on_aws_is_a_cache_in_a_network_of_its_own" {
  command = plan

  variables {
    return_store = "redis"
  }

  assert {
    condition     = length(module.return_store_redis) == 1 && length(aws_lambda_layer_version.redis) == 1 && length(module.return_store_dynamodb) == 0
    error_message = "A cache and the second layer, and nothing of another store."
  }

  assert {
    condition     = module.return_store_redis[0].access_string == "on ~wordcount-http_sync_s3-* resetchannels -@all +set +get +mget +sadd +scard +smembers +rpush +blpop +expire +multi +exec +auth +hello +ping"
    error_message = "The user may run the store's commands on this deployment's keys, and nothing else."
  }

  assert {
    condition = {
      for function, policy in module.iam.policies : function => [
        for statement in jsondecode(policy).Statement : "${statement.Effect} ${join(" ", flatten([statement.Resource]))}"
        if length(regexall("elasticache|ec2:", jsonencode(statement.Action))) > 0
      ]
      } == merge(
      { for function in ["recorder"] : function => [] },
      {
        for function in ["unum_map", "mapper", "partition", "reducer", "summary"] : function => [
          "Allow arn:aws:elasticache:us-east-1:123456789012:serverlesscache:wordcount-http-sync-s3 arn:aws:elasticache:us-east-1:123456789012:user:wordcount-http-sync-s3",
          "Allow *",
          "Deny *",
        ]
      },
    )
    error_message = "Functions that use the cache connect to it, and Lambda attaches them to its network; what AWS grants on all resources only is denied to their own code."
  }

  assert {
    condition = one([
      for statement in jsondecode(module.iam.policies["mapper"]).Statement : statement.Condition if statement.Effect == "Deny"
      ]) == { ArnEquals = { "lambda:SourceFunctionArn" = [
        for function in ["mapper", "partition", "recorder", "reducer", "summary", "unum_map"] : "arn:aws:lambda:us-east-1:123456789012:function:wordcount-http_sync_s3-${function}"
    ] } }
    error_message = "The denial is for code of these functions, not for Lambda itself."
  }

  assert {
    condition     = length(module.http_sync_s3[0].recursion_allowed) == 2
    error_message = "A branch that waits hands its waiting on."
  }

  assert {
    condition     = output.deployment.return_store == "redis" && output.deployment.redis_url == null
    error_message = "The client is told that there is no Redis that it could reach."
  }
}

run "the_cache_is_reached_by_the_functions_alone" {
  command = plan

  module {
    source = "./modules/return_store_redis"
  }

  variables {
    name          = "wordcount-http-sync-s3"
    deployment    = "wordcount-http_sync_s3"
    key_prefix    = "wordcount-http_sync_s3-"
    region        = "us-east-1"
    function_arns = ["arn:aws:lambda:us-east-1:123456789012:function:wordcount-http_sync_s3-mapper"]
  }

  assert {
    condition     = jsonencode([for filter in data.aws_availability_zones.this.filter : [filter.name, filter.values]]) == jsonencode([["opt-in-status", ["opt-in-not-required"]]])
    error_message = "Local zones, which an account opts into, are never taken for the cache."
  }

  assert {
    condition     = aws_elasticache_serverless_cache.this.engine == "valkey" && aws_elasticache_user.this.authentication_mode[0].type == "iam" && aws_elasticache_user.this.user_id == aws_elasticache_user.this.user_name
    error_message = "Serverless, and the role is the password."
  }

  assert {
    condition     = length(aws_subnet.this) == 2 && length(distinct([for subnet in aws_subnet.this : subnet.cidr_block])) == 2
    error_message = "Two zones, each with addresses of its own."
  }

  assert {
    condition     = keys(aws_vpc_endpoint.gateway) == ["dynamodb", "s3"] && alltrue([for endpoint in aws_vpc_endpoint.gateway : endpoint.vpc_endpoint_type == "Gateway"])
    error_message = "S3 and DynamoDB are reached by gateway endpoints."
  }

  assert {
    condition     = aws_vpc_endpoint.lambda.vpc_endpoint_type == "Interface" && aws_vpc_endpoint.lambda.private_dns_enabled && jsonencode(jsondecode(aws_vpc_endpoint.lambda.policy).Statement[0].Resource) == jsonencode(var.function_arns)
    error_message = "Lambda is reached by an interface endpoint, for this deployment's functions alone."
  }

  assert {
    condition = alltrue([
      for rule in [aws_vpc_security_group_ingress_rule.cache_from_functions, aws_vpc_security_group_ingress_rule.lambda_from_functions] :
      rule.cidr_ipv4 == null && rule.cidr_ipv6 == null
    ]) && aws_vpc_security_group_ingress_rule.cache_from_functions.from_port == 6379
    error_message = "Nothing is open to addresses; only the functions' group comes in."
  }
}

run "a_longer_name_than_elasticache_takes_is_refused" {
  command = plan

  module {
    source = "./modules/return_store_redis"
  }

  variables {
    name          = "a2345678-with-a-name-that-is-longer-than-40"
    deployment    = "d"
    key_prefix    = "d-"
    region        = "us-east-1"
    function_arns = []
  }

  expect_failures = [var.name]
}

run "the_longest_prefix_fits_elasticache" {
  command = plan

  variables {
    return_store = "redis"
    prefix       = "a23456789-123456789-123"
  }

  assert {
    condition     = length(module.return_store_redis) == 1
    error_message = "Names made from it have at most 40 characters."
  }
}

run "redis_on_an_emulator_is_reached_by_its_url" {
  command = plan

  variables {
    return_store = "redis"
    endpoint_url = "http://127.0.0.1:4566"
    redis_url    = "rediss://:password@127.0.0.1:6379/0"
  }

  assert {
    condition     = length(module.return_store_redis) == 0 && length(aws_lambda_layer_version.redis) == 1
    error_message = "No network and no cache, but the second layer."
  }

  assert {
    condition     = module.function["mapper"].environment.REDIS_URL == "rediss://:password@127.0.0.1:6379/0" && output.deployment.redis_url == "rediss://:password@127.0.0.1:6379/0"
    error_message = "Functions and client are told the URL."
  }

  assert {
    condition     = length(regexall("elasticache|ec2:", jsonencode(module.iam.policies))) == 0
    error_message = "A URL asks for no role."
  }
}

run "an_unknown_store_is_refused" {
  command = plan

  variables {
    return_store = "memcached"
  }

  expect_failures = [var.return_store]
}

run "a_store_without_a_choice_is_refused" {
  command = plan

  variables {
    orchestration = "sfn"
    return_store  = "dynamodb"
  }

  expect_failures = [aws_lambda_layer_version.dependencies]
}

run "an_emulator_without_a_url_is_refused" {
  command = plan

  variables {
    return_store = "redis"
    endpoint_url = "http://127.0.0.1:4566"
  }

  expect_failures = [var.redis_url]
}

run "a_url_on_aws_is_refused" {
  command = plan

  variables {
    return_store = "redis"
    redis_url    = "redis://127.0.0.1:6379"
  }

  expect_failures = [var.redis_url]
}

run "a_url_of_something_else_is_refused" {
  command = plan

  variables {
    return_store = "redis"
    endpoint_url = "http://127.0.0.1:4566"
    redis_url    = "http://127.0.0.1:6379"
  }

  expect_failures = [var.redis_url]
}
