data "aws_partition" "this" {}

locals {
  # What make package built. Files that are missing are reported once, in words, by the layer's precondition.
  build_dir      = startswith(var.build_dir, "/") ? var.build_dir : "${path.root}/${var.build_dir}"
  layer_dir      = var.layer_dir == null ? local.build_dir : startswith(var.layer_dir, "/") ? var.layer_dir : "${path.root}/${var.layer_dir}"
  package_dir    = "${local.build_dir}/${var.orchestration}"
  layer          = "${local.layer_dir}/layer.zip"
  job_layer      = "${local.layer_dir}/job-layer.zip"
  manifest_path  = "${local.build_dir}/manifest.json"
  manifest       = fileexists(local.manifest_path) ? jsondecode(file(local.manifest_path)) : { architecture = "x86_64", python_version = "3.13" }
  workflow_path  = "${local.package_dir}/workflow.json"
  workflow       = jsondecode(fileexists(local.workflow_path) ? file(local.workflow_path) : jsonencode({ name = "", input = "", functions = [] }))
  sources_path   = "${local.package_dir}/sources.sha256"
  functions      = concat(local.workflow.functions[*].Name, ["recorder"])
  missing        = [for file in concat([local.manifest_path, local.layer, local.workflow_path], [for function in local.functions : "${local.package_dir}/${function}.zip"]) : file if !fileexists(file)]
  architecture   = coalesce(var.architecture, local.manifest.architecture)
  python_version = coalesce(var.python_version, local.manifest.python_version)

  # What every module is given. Names are put together from it alone, so that each ARN in a policy is exact and known before
  # anything exists.
  common = {
    orchestration = var.orchestration
    name          = "${var.prefix}-${var.orchestration}"
    place         = local.place
    account_id    = local.there.account_id
    region        = var.region
    arn_prefix    = "arn:${data.aws_partition.this.partition}"
    endpoint_url  = var.endpoint_url

    build_dir      = local.package_dir
    layer_dir      = local.layer_dir
    architecture   = local.architecture
    python_version = local.python_version

    shuffle              = var.shuffle
    shuffle_memory_mb    = var.shuffle_memory_mb
    memory_mb            = var.memory_mb
    timeout_seconds      = var.timeout_seconds
    reserved_concurrency = var.reserved_concurrency
    function_overrides   = var.function_overrides

    log_retention_days     = var.log_retention_days
    expiry_days            = var.expiry_days
    force_destroy          = var.force_destroy
    point_in_time_recovery = var.point_in_time_recovery
    sweep_minutes          = var.sweep_minutes
    s3_full_access         = var.s3_full_access

    # Buckets that are not this deployment's own, by the role under which a function's needs.json names them.
    outside_buckets = { input = var.input_buckets, output = var.output_buckets }
  }
  packages = {
    code_bucket = module.code.name
    layers      = [aws_lambda_layer_version.dependencies.arn]
    job_layers  = aws_lambda_layer_version.job[*].arn
  }
}

module "workflow" {
  source = "./modules/workflow"

  manifest = local.workflow
}

# Zips of functions on their way to Lambda.
module "code" {
  source = "./modules/bucket"

  common = local.common
  role   = "code"
  keeps  = true
}

# Third-party code of all functions, in one layer, so that the function zips stay a few kB.
resource "aws_lambda_layer_version" "dependencies" {
  layer_name               = "${local.common.name}-dependencies"
  description              = "Third-party packages of ${local.common.name}."
  filename                 = local.layer
  source_code_hash         = fileexists(local.layer) ? filebase64sha256(local.layer) : null
  compatible_runtimes      = ["python${local.python_version}"]
  compatible_architectures = [local.architecture]

  # Every function needs the layer, so a broken precondition here stops the plan before anything else can fail.
  lifecycle {
    precondition {
      condition     = length(local.missing) == 0
      error_message = "Not built yet: ${join(", ", local.missing)}. Run \"make package\" first, from the top of the repository."
    }

    precondition {
      condition     = local.architecture == local.manifest.architecture && local.python_version == local.manifest.python_version
      error_message = "The layer was built for Python ${local.manifest.python_version} on ${local.manifest.architecture}, and the functions ask for Python ${local.python_version} on ${local.architecture}. Leave architecture and python_version unset, or build the layer for them with make package."
    }
  }
}

# What the requirements.txt of a job asks for, if there is one: for functions with user code alone.
resource "aws_lambda_layer_version" "job" {
  count = fileexists(local.job_layer) ? 1 : 0

  layer_name               = "${local.common.name}-job"
  description              = "Packages that the job of ${local.common.name} asks for."
  filename                 = local.job_layer
  source_code_hash         = filebase64sha256(local.job_layer)
  compatible_runtimes      = ["python${local.python_version}"]
  compatible_architectures = [local.architecture]
}
