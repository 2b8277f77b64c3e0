output "environment" {
  description = "Environment variables that tell a function where the cache is, and as whom to go there."
  value = {
    REDIS_HOST  = aws_elasticache_serverless_cache.this.endpoint[0].address
    REDIS_USER  = aws_elasticache_user.this.user_name
    REDIS_CACHE = aws_elasticache_serverless_cache.this.name
  }
}

output "network" {
  description = "Subnets and security groups of a function that uses the cache."
  value = {
    subnet_ids         = values(aws_subnet.this)[*].id
    security_group_ids = [aws_security_group.this["functions"].id]
  }
}

output "access_string" {
  description = "What the cache's user may do."
  value       = aws_elasticache_user.this.access_string
}
