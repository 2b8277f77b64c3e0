# The one list of what can be deployed, with what each orchestration lets users set. An orchestration is an entry here, a variable
# and a block of its own below, and modules/{orchestration}, which makes all of it.
locals {
  settings = {
    sfn               = var.sfn
    http_sync_s3      = var.http_sync_s3
    http_only         = var.http_only
    s3_triggers       = var.s3_triggers
    dynamodb_triggers = var.dynamodb_triggers
  }

  # What the orchestration's module gives out:
  #   functions  each function of the workflow by its name, and the recorder, as modules/function gives them out
  #   buckets    name of each bucket by role
  #   tables     name of each table by role
  #   settings   the orchestration's own settings, those that are not set included
  #   record     what the deployment record says of this orchestration alone
  #   schedule   how often overdue runs are looked for, or null where nobody has to
  deployed = one(concat(module.sfn, module.http_sync_s3, module.http_only, module.s3_triggers, module.dynamodb_triggers)).deployed
}

variable "sfn" {
  description = "Settings of sfn, such as {map_mode = \"DISTRIBUTED\"}; modules/sfn/variables.tf says which there are."
  type        = any
  default     = {}
  nullable    = false
}

module "sfn" {
  source = "./modules/sfn"
  count  = var.orchestration == "sfn" ? 1 : 0

  common   = local.common
  packages = local.packages
  workflow = module.workflow
  settings = var.sfn
}

variable "http_sync_s3" {
  description = "Settings of http_sync_s3, such as {return_store = \"dynamodb\"}; modules/http_sync_s3/variables.tf says which there are."
  type        = any
  default     = {}
  nullable    = false
}

module "http_sync_s3" {
  source = "./modules/http_sync_s3"
  count  = var.orchestration == "http_sync_s3" ? 1 : 0

  common   = local.common
  packages = local.packages
  workflow = module.workflow
  settings = var.http_sync_s3
}

variable "http_only" {
  description = "Settings of http_only, such as {fan_out_concurrency = 8}; modules/http_only/variables.tf says which there are."
  type        = any
  default     = {}
  nullable    = false
}

module "http_only" {
  source = "./modules/http_only"
  count  = var.orchestration == "http_only" ? 1 : 0

  common   = local.common
  packages = local.packages
  workflow = module.workflow
  settings = var.http_only
}

variable "s3_triggers" {
  description = "Settings of s3_triggers; there are none of its own."
  type        = any
  default     = {}
  nullable    = false
}

module "s3_triggers" {
  source = "./modules/s3_triggers"
  count  = var.orchestration == "s3_triggers" ? 1 : 0

  common   = local.common
  packages = local.packages
  workflow = module.workflow
  settings = var.s3_triggers
}

variable "dynamodb_triggers" {
  description = "Settings of dynamodb_triggers; there are none of its own."
  type        = any
  default     = {}
  nullable    = false
}

module "dynamodb_triggers" {
  source = "./modules/dynamodb_triggers"
  count  = var.orchestration == "dynamodb_triggers" ? 1 : 0

  common   = local.common
  packages = local.packages
  workflow = module.workflow
  settings = var.dynamodb_triggers
}
