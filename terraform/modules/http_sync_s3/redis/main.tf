# Return values in an ElastiCache serverless cache. It speaks TLS only, and knows one user, whose password is a short-lived token
# that a function signs with its role: there is no secret anywhere.
resource "aws_elasticache_serverless_cache" "this" {
  name                 = var.name
  description          = "Return values of ${var.common.name}."
  engine               = "valkey"
  major_engine_version = "8"
  security_group_ids   = [aws_security_group.this["cache"].id]
  subnet_ids           = values(aws_subnet.this)[*].id
  user_group_id        = aws_elasticache_user_group.this.user_group_id

  # Return values are temporary: every key expires, and a cache that is lost loses the runs under way.
  snapshot_retention_limit = 0

  # Limits, not reservations; beyond them the cache evicts, and refuses.
  cache_usage_limits {
    data_storage {
      maximum = 5
      unit    = "GB"
    }

    ecpu_per_second {
      maximum = 30000
    }
  }
}

resource "aws_elasticache_user" "this" {
  user_id   = var.name
  user_name = var.name # with IAM authentication it has to be the id
  engine    = "valkey"

  # The commands of runtime/orchestration/http_sync_s3/stores/redis.py and those of a connection, on this deployment's keys.
  access_string = "on ~${var.common.name}-* resetchannels -@all ${join(" ", [for command in local.commands : "+${command}"])}"

  authentication_mode {
    type = "iam"
  }
}

resource "aws_elasticache_user_group" "this" {
  user_group_id = var.name
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.this.user_id]
}

locals {
  commands = [
    "set", "get", "mget", "sadd", "scard", "smembers", "rpush", "blpop", "expire", "multi", "exec",
    "auth", "hello", "ping",
  ]
}
