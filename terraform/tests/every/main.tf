# All orchestrations at once, as the root makes each of them, so that one assertion holds for all. The workflow is what make package
# built, or one of tests/workflows.
variable "build_dir" {
  type    = string
  default = "../build"
}

variable "workflow" {
  description = "Name of a manifest in tests/workflows, of which there is one with an entry before the first fan-out and one without; null for the built ones."
  type        = string
  default     = null
}

variable "prefix" {
  type    = string
  default = "wordcount"
}

variable "common" {
  description = "What of `common` differs from the default."
  type        = any
  default     = {}
}

variable "settings" {
  description = "Settings by orchestration."
  type        = any
  default     = {}
}

locals {
  orchestrations = ["sfn", "http_sync_s3", "http_only", "s3_triggers", "dynamodb_triggers"]
  given          = jsondecode(file("${path.module}/../given.json"))

  common = {
    for orchestration in local.orchestrations : orchestration => merge(local.given.common, {
      orchestration   = orchestration
      name            = "${var.prefix}-${orchestration}"
      build_dir       = var.workflow == null ? "${var.build_dir}/${orchestration}" : "${path.module}/../workflows"
      layer_dir       = var.build_dir
      architecture    = "x86_64"
      outside_buckets = { input = [], output = [] }
    }, var.common)
  }

  deployed = {
    sfn               = module.sfn.deployed
    http_sync_s3      = module.http_sync_s3.deployed
    http_only         = module.http_only.deployed
    s3_triggers       = module.s3_triggers.deployed
    dynamodb_triggers = module.dynamodb_triggers.deployed
  }

  # For each function "action resource", where an ARN is shortened to what is particular: a bucket's or table's role, a function's name.
  permissions = {
    for orchestration, deployed in local.deployed : orchestration => {
      for function, one in deployed.functions : function => sort(flatten([
        for statement in jsondecode(one.policy).Statement : [
          for action in statement.Action : [
            for resource in statement.Resource : "${action} ${replace(replace(replace(resource, "-${local.given.common.place}", ""),
              "arn:aws:s3:::${replace("${var.prefix}-${orchestration}", "_", "-")}-", ""),
            "/^arn:aws:(lambda|dynamodb):us-east-1:123456789012:(function:|table/)${var.prefix}-${orchestration}-/", "")}"
          ]
        ] if statement.Sid != "WriteTheOwnLog"
      ]))
    }
  }
}

module "workflow" {
  source   = "../../modules/workflow"
  for_each = toset(local.orchestrations)

  manifest = jsondecode(file(var.workflow == null ? "${var.build_dir}/${each.key}/workflow.json" : "${path.module}/../workflows/${var.workflow}.json"))
}

module "sfn" {
  source = "../../modules/sfn"

  common   = local.common.sfn
  packages = local.given.packages
  workflow = module.workflow["sfn"]
  settings = lookup(var.settings, "sfn", {})
}

module "http_sync_s3" {
  source = "../../modules/http_sync_s3"

  common   = local.common.http_sync_s3
  packages = local.given.packages
  workflow = module.workflow["http_sync_s3"]
  settings = lookup(var.settings, "http_sync_s3", {})
}

module "http_only" {
  source = "../../modules/http_only"

  common   = local.common.http_only
  packages = local.given.packages
  workflow = module.workflow["http_only"]
  settings = lookup(var.settings, "http_only", {})
}

module "s3_triggers" {
  source = "../../modules/s3_triggers"

  common   = local.common.s3_triggers
  packages = local.given.packages
  workflow = module.workflow["s3_triggers"]
  settings = lookup(var.settings, "s3_triggers", {})
}

module "dynamodb_triggers" {
  source = "../../modules/dynamodb_triggers"

  common   = local.common.dynamodb_triggers
  packages = local.given.packages
  workflow = module.workflow["dynamodb_triggers"]
  settings = lookup(var.settings, "dynamodb_triggers", {})
}
