terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

# One provider block for both targets. With endpoint_url unset it is an ordinary provider that takes credentials from the
# environment; with it set, every service of this configuration is reached there with that emulator's well-known keys.
provider "aws" {
  region              = local.there.region
  allowed_account_ids = [local.there.account_id]

  access_key                  = var.endpoint_url == null ? null : "test"
  secret_key                  = var.endpoint_url == null ? null : "test"
  s3_use_path_style           = var.endpoint_url != null
  skip_credentials_validation = var.endpoint_url != null
  skip_metadata_api_check     = var.endpoint_url == null ? null : "true"
  skip_region_validation      = var.endpoint_url != null

  dynamic "endpoints" {
    for_each = var.endpoint_url == null ? [] : [var.endpoint_url]

    content {
      cloudwatchlogs = endpoints.value
      dynamodb       = endpoints.value
      events         = endpoints.value
      iam            = endpoints.value
      lambda         = endpoints.value
      s3             = endpoints.value
      sfn            = endpoints.value
      sts            = endpoints.value
    }
  }

  default_tags {
    tags = {
      Project       = var.prefix
      Orchestration = var.orchestration
    }
  }
}

provider "aws" {
  alias  = "credentials"
  region = var.region

  access_key                  = var.endpoint_url == null ? null : "test"
  secret_key                  = var.endpoint_url == null ? null : "test"
  skip_credentials_validation = var.endpoint_url != null
  skip_metadata_api_check     = var.endpoint_url == null ? null : "true"
  skip_region_validation      = var.endpoint_url != null

  dynamic "endpoints" {
    for_each = var.endpoint_url == null ? [] : [var.endpoint_url]

    content {
      sts = endpoints.value
    }
  }
}
