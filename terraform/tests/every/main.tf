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
  place          = "eb805c6c3fdd"

  common = {
    for orchestration in local.orchestrations : orchestration => merge({
      orchestration          = orchestration
      name                   = "${var.prefix}-${orchestration}"
      place                  = local.place
      account_id             = "123456789012"
      region                 = "us-east-1"
      arn_prefix             = "arn:aws"
      endpoint_url           = null
      build_dir              = var.workflow == null ? "${var.build_dir}/${orchestration}" : "${path.module}/../workflows"
      layer_dir              = var.build_dir
      architecture           = "x86_64"
      python_version         = "3.13"
      shuffle                = "objects"
      shuffle_memory_mb      = null
      memory_mb              = null
      timeout_seconds        = null
      reserved_concurrency   = null
      function_overrides     = {}
      log_retention_days     = 14
      expiry_days            = 7
      force_destroy          = false
      point_in_time_recovery = false
      sweep_minutes          = 5
      s3_full_access         = false
      outside_buckets        = { input = [], output = [] }
    }, var.common)
  }
  packages = { code_bucket = "code", layers = ["arn:aws:lambda:us-east-1:123456789012:layer:dependencies:1"], job_layers = ["arn:aws:lambda:us-east-1:123456789012:layer:job:1"] }

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
            for resource in statement.Resource : "${action} ${replace(replace(replace(resource, "-${local.place}", ""),
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
  packages = local.packages
  workflow = module.workflow["sfn"]
  settings = lookup(var.settings, "sfn", {})
}

module "http_sync_s3" {
  source = "../../modules/http_sync_s3"

  common   = local.common.http_sync_s3
  packages = local.packages
  workflow = module.workflow["http_sync_s3"]
  settings = lookup(var.settings, "http_sync_s3", {})
}

module "http_only" {
  source = "../../modules/http_only"

  common   = local.common.http_only
  packages = local.packages
  workflow = module.workflow["http_only"]
  settings = lookup(var.settings, "http_only", {})
}

module "s3_triggers" {
  source = "../../modules/s3_triggers"

  common   = local.common.s3_triggers
  packages = local.packages
  workflow = module.workflow["s3_triggers"]
  settings = lookup(var.settings, "s3_triggers", {})
}

module "dynamodb_triggers" {
  source = "../../modules/dynamodb_triggers"

  common   = local.common.dynamodb_triggers
  packages = local.packages
  workflow = module.workflow["dynamodb_triggers"]
  settings = lookup(var.settings, "dynamodb_triggers", {})
}
