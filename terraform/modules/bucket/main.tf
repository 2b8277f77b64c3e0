locals {
  name = replace("${var.common.name}-${var.role}-${var.common.place}", "_", "-")
  arn  = "${var.common.arn_prefix}:s3:::${local.name}"
}

resource "aws_s3_bucket" "this" {
  bucket        = local.name
  force_destroy = var.common.force_destroy

  lifecycle {
    precondition {
      condition     = length(local.name) <= 63
      error_message = "The bucket name \"${local.name}\" has ${length(local.name)} characters, and S3 takes 63 at most. Choose a shorter prefix, or shorter names for the workflow's functions."
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# A refusal, so the widest action and principal are meant. An emulator on plain http would refuse every request under it.
resource "aws_s3_bucket_policy" "this" {
  count  = startswith(coalesce(var.common.endpoint_url, "https"), "http:") ? 0 : 1
  bucket = aws_s3_bucket.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefuseRequestsWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [local.arn, "${local.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # S3 answers 409 when a policy and the public access block of one bucket are written at the same moment.
  depends_on = [aws_s3_bucket_public_access_block.this]
}

# Clean-up of last resort: the client deletes what a successful run leaves, and S3 acts at midnight after the last day.
resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count  = var.common.expiry_days > 0 ? 1 : 0
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "abort-incomplete-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  dynamic "rule" {
    for_each = var.keeps ? [] : [var.common.expiry_days]

    content {
      id     = "expire-intermediate-objects"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }
}
