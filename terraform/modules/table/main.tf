# One table of temporary items, each found by its key alone.
locals {
  name = "${var.common.name}-${var.role}"
}

resource "aws_dynamodb_table" "this" {
  name                        = local.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "Key"
  stream_enabled              = var.stream ? true : null
  stream_view_type            = var.stream ? "NEW_IMAGE" : null
  deletion_protection_enabled = false

  attribute {
    name = "Key"
    type = "S"
  }

  # Clean-up of last resort: the client deletes what a successful run leaves.
  ttl {
    attribute_name = "Expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = var.common.point_in_time_recovery
  }
}
