# Return values as items. Nothing listens to them: the write that completes a fan-in tells its writer.
resource "aws_dynamodb_table" "this" {
  name                        = var.name
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "Key"
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
    enabled = var.point_in_time_recovery
  }
}
