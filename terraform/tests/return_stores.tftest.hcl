# Where the return values of http_sync_s3 wait: each store brings exactly its own resources, variables and permissions.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "dynamodb_is_one_table" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    settings = { http_sync_s3 = { return_store = "dynamodb" } }
  }

  assert {
    condition     = module.http_sync_s3.deployed.tables == { returns = "wordcount-http_sync_s3-returns" } && module.http_sync_s3.deployed.record.return_store == "dynamodb"
    error_message = "The table's name is made of prefix and orchestration, and the client is told it."
  }

  assert {
    condition = alltrue([
      for function, one in module.http_sync_s3.deployed.functions :
      one.environment.TABLES == jsonencode({ returns = "wordcount-http_sync_s3-returns" }) && (function == "recorder" || lookup(one.environment, "RETURN_STORE", null) == "dynamodb")
    ])
    error_message = "Functions are told the store and the table."
  }

  assert {
    condition     = length(module.http_sync_s3.deployed.recursion_allowed) == 0 && !contains(local.permissions.http_sync_s3.mapper, "lambda:InvokeFunction mapper")
    error_message = "Nobody waits, so no function may go on invoking itself."
  }

  assert {
    condition = { for function, permissions in local.permissions.http_sync_s3 : function => join(", ", [for one in permissions : one if startswith(one, "dynamodb:")]) } == {
      unum_map  = "dynamodb:GetItem returns, dynamodb:PutItem returns"
      mapper    = "dynamodb:GetItem returns, dynamodb:PutItem returns, dynamodb:UpdateItem returns"
      partition = "dynamodb:BatchGetItem returns, dynamodb:GetItem returns, dynamodb:PutItem returns"
      reducer   = "dynamodb:GetItem returns, dynamodb:PutItem returns, dynamodb:UpdateItem returns"
      summary   = "dynamodb:BatchGetItem returns"
      recorder  = ""
    }
    error_message = "Branches return and finish, fan-ins gather, and nobody does more."
  }
}

run "redis_on_aws_is_a_cache_in_a_network_of_its_own" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    settings = { http_sync_s3 = { return_store = "redis" } }
  }

  assert {
    condition = {
      for function, one in module.http_sync_s3.deployed.functions : function => join(", ", [
        for statement in jsondecode(one.policy).Statement : "${statement.Effect} ${join(" ", statement.Resource)}"
        if length(regexall("elasticache|ec2:", jsonencode(statement.Action))) > 0
      ])
      } == merge(
      { for function in ["recorder"] : function => "" },
      {
        for function in ["unum_map", "mapper", "partition", "reducer", "summary"] : function => join(", ", [
          "Allow arn:aws:elasticache:us-east-1:123456789012:serverlesscache:wordcount-http-sync-s3 arn:aws:elasticache:us-east-1:123456789012:user:wordcount-http-sync-s3",
          "Allow *",
          "Deny *",
        ])
      },
    )
    error_message = "Functions that use the cache connect to it, and Lambda attaches them to its network; what AWS grants on all resources only is denied to their own code."
  }

  assert {
    condition = one([
      for statement in jsondecode(module.http_sync_s3.deployed.functions.mapper.policy).Statement : jsonencode(statement.Condition) if statement.Effect == "Deny"
      ]) == jsonencode({ ArnEquals = { "lambda:SourceFunctionArn" = [
        for function in ["unum_map", "mapper", "partition", "reducer", "summary", "recorder"] : "arn:aws:lambda:us-east-1:123456789012:function:wordcount-http_sync_s3-${function}"
    ] } })
    error_message = "The denial is for code of these functions, not for Lambda itself."
  }

  assert {
    condition     = jsonencode(module.http_sync_s3.deployed.recursion_allowed) == jsonencode(["mapper", "reducer"]) && module.http_sync_s3.deployed.record.return_store == "redis" && module.http_sync_s3.deployed.record.redis_url == null
    error_message = "A branch that waits hands its waiting on, and the client is told that there is no Redis that it could reach."
  }

  assert {
    condition     = join(" ", [for name in keys(module.http_sync_s3.deployed.functions.mapper.environment) : name if startswith(name, "REDIS")]) == "REDIS_CACHE REDIS_HOST REDIS_USER"
    error_message = "Functions are told where the cache is, and as whom to go there."
  }
}

run "redis_on_an_emulator_is_reached_by_its_url" {
  command = plan

  module {
    source = "./tests/every"
  }

  variables {
    common   = { endpoint_url = "http://127.0.0.1:4566" }
    settings = { http_sync_s3 = { return_store = "redis", redis_url = "rediss://:password@127.0.0.1:6379/0" } }
  }

  assert {
    condition     = module.http_sync_s3.deployed.functions.mapper.environment.REDIS_URL == "rediss://:password@127.0.0.1:6379/0" && module.http_sync_s3.deployed.record.redis_url == "rediss://:password@127.0.0.1:6379/0"
    error_message = "Functions and client are told the URL."
  }

  assert {
    condition     = length(regexall("elasticache|ec2:", jsonencode([for one in values(module.http_sync_s3.deployed.functions) : one.policy]))) == 0
    error_message = "A URL asks for no role."
  }
}

run "the_cache_is_reached_by_the_functions_alone" {
  command = plan

  module {
    source = "./modules/http_sync_s3/redis"
  }

  variables {
    common        = { name = "wordcount-http_sync_s3", region = "us-east-1" }
    name          = "wordcount-http-sync-s3"
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
    condition     = aws_elasticache_user.this.access_string == "on ~wordcount-http_sync_s3-* resetchannels -@all +set +get +mget +sadd +scard +smembers +rpush +blpop +expire +multi +exec +auth +hello +ping"
    error_message = "The user may run the store's commands on this deployment's keys, and nothing else."
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
      for rule in aws_vpc_security_group_ingress_rule.from_functions :
      rule.cidr_ipv4 == null && rule.cidr_ipv6 == null
    ]) && aws_vpc_security_group_ingress_rule.from_functions["cache"].from_port == 6379
    error_message = "Nothing is open to addresses; only the functions' group comes in."
  }
}

run "a_longer_name_than_elasticache_takes_is_refused" {
  command = plan

  module {
    source = "./modules/http_sync_s3/redis"
  }

  variables {
    common        = { name = "d", region = "us-east-1" }
    name          = "a2345678-with-a-name-that-is-longer-than-40"
    function_arns = []
  }

  expect_failures = [var.name]
}
