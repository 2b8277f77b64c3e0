# The cache's network, and the functions' way out of it. There is no internet in it, neither in nor out: S3 and DynamoDB are reached
# by gateway endpoints, which cost nothing, and Lambda by an interface endpoint, which costs by the hour in each zone.
data "aws_availability_zones" "this" {
  state = "available"

  # Local zones and zones that nobody has opted into have neither ElastiCache nor Lambda.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  # Lambda has no network there: https://repost.aws/knowledge-center/lambda-supported-availability-zones
  exclude_zone_ids = ["use1-az3"]
}

locals {
  # Nothing outside of the network is ever reached by its addresses.
  cidr  = "10.71.0.0/22"
  zones = slice(sort(data.aws_availability_zones.this.names), 0, 2)
}

resource "aws_vpc" "this" {
  cidr_block           = local.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

resource "aws_subnet" "this" {
  for_each = toset(local.zones)

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet(local.cidr, 2, index(local.zones, each.key))

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_route_table_association" "this" {
  for_each = aws_subnet.this

  subnet_id      = each.value.id
  route_table_id = aws_route_table.this.id
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = toset(["s3", "dynamodb"])

  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.common.region}.${each.key}"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [aws_route_table.this.id]

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_endpoint" "lambda" {
  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.common.region}.lambda"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = values(aws_subnet.this)[*].id
  security_group_ids  = [aws_security_group.this["lambda"].id]

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "InvokeFunctionsOfThisDeployment"
      Effect    = "Allow"
      Principal = "*"
      Action    = "lambda:InvokeFunction"
      Resource  = var.function_arns
    }]
  })

  tags = { Name = "${var.name}-lambda" }
}

# Who may talk to whom: functions to the cache and to the endpoints, and nobody else to anybody.
locals {
  groups = {
    functions = "Functions of ${var.common.name} that use the cache."
    cache     = "The cache of ${var.common.name}."
    lambda    = "The way of ${var.common.name} to Lambda."
  }
  ways = {
    cache  = { first_port = 6379, last_port = 6380, description = "The cache, and its port for reads that may be stale." }
    lambda = { first_port = 443, last_port = 443, description = "Lambda, to invoke what is next." }
  }
}

resource "aws_default_security_group" "unused" {
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "this" {
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id
}

resource "aws_vpc_security_group_egress_rule" "from_functions" {
  for_each = local.ways

  security_group_id            = aws_security_group.this["functions"].id
  description                  = each.value.description
  referenced_security_group_id = aws_security_group.this[each.key].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.first_port
  to_port                      = each.value.last_port
}

resource "aws_vpc_security_group_ingress_rule" "from_functions" {
  for_each = local.ways

  security_group_id            = aws_security_group.this[each.key].id
  description                  = "The functions alone."
  referenced_security_group_id = aws_security_group.this["functions"].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.first_port
  to_port                      = each.value.last_port
}

resource "aws_vpc_security_group_egress_rule" "functions_to_gateway" {
  for_each = aws_vpc_endpoint.gateway

  security_group_id = aws_security_group.this["functions"].id
  description       = "To ${each.key}, by its gateway endpoint."
  prefix_list_id    = each.value.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
