# Where this state's deployment lies. It is written down by the first apply and never changed; later plans are held against it. Without
# that, other credentials, another region or another prefix would replace the deployment, or destroy one of the same name elsewhere.
data "aws_caller_identity" "this" {
  provider = aws.credentials
}

locals {
  here = {
    account_id    = data.aws_caller_identity.this.account_id
    orchestration = var.orchestration
    prefix        = var.prefix
    region        = var.region
  }
  there = terraform_data.place.input

  # Names of roles and buckets end in it: all regions of an account share its roles, and all the world shares the names of buckets.
  place = substr(sha256("${local.there.account_id}/${local.there.region}"), 0, 12)
}

# Everything else depends on it, so that it is made first and destroyed last.
resource "terraform_data" "place" {
  input = local.here

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = jsonencode(self.input) == jsonencode(local.here)
      error_message = "This state holds ${self.input.prefix}-${self.input.orchestration} in ${self.input.region} of account ${self.input.account_id}, but variables and credentials name ${var.prefix}-${var.orchestration} in ${var.region} of account ${local.here.account_id}. To change or destroy what is here, use its own credentials and variables; to have the other one beside it, give that a state of its own, with \"make deploy PREFIX=... REGION=...\" or \"terraform workspace new\"."
    }
  }
}
