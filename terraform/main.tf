data "aws_partition" "this" {}

locals {
  account_id    = local.there.account_id
  arn_prefix    = "arn:${data.aws_partition.this.partition}"
  orchestration = local.orchestrations[var.orchestration]

  # Names are put together here, once, so that every ARN in a policy is exact and known before anything exists.
  name            = "${var.prefix}-${var.orchestration}"
  function_names  = { for function in keys(local.orchestration.functions) : function => "${local.name}-${function}" }
  function_arns   = { for function, name in local.function_names : function => "${local.arn_prefix}:lambda:${var.region}:${local.account_id}:function:${name}" }
  log_group_names = { for function, name in local.function_names : function => "/aws/lambda/${name}" }
  log_group_arns  = { for function, name in local.log_group_names : function => "${local.arn_prefix}:logs:${var.region}:${local.account_id}:log-group:${name}" }
  bucket_names    = { for role in concat(local.orchestration.buckets, ["code"]) : role => replace("${local.name}-${role}-${local.place}", "_", "-") }
  table_names     = { for role in local.orchestration.tables : role => "${local.name}-${role}" }

  # Of every role that any orchestration has, since grants are written for all of them and then chosen from.
  bucket_arns = { for role in concat(local.all_buckets, ["code"]) : role => "${local.arn_prefix}:s3:::${replace("${local.name}-${role}-${local.place}", "_", "-")}" }
  table_arns  = { for role in local.all_tables : role => "${local.arn_prefix}:dynamodb:${var.region}:${local.account_id}:table/${local.name}-${role}" }

  # What make package built. Files that are missing are reported once, in words, by the layer's precondition.
  build_dir      = startswith(var.build_dir, "/") ? var.build_dir : "${path.root}/${var.build_dir}"
  layer_dir      = var.layer_dir == null ? local.build_dir : startswith(var.layer_dir, "/") ? var.layer_dir : "${path.root}/${var.layer_dir}"
  layer          = "${local.layer_dir}/layer.zip"
  redis_layer    = "${local.layer_dir}/redis-layer.zip"
  zips           = { for function in keys(local.orchestration.functions) : function => "${local.build_dir}/${var.orchestration}/${function}.zip" }
  manifest_path  = "${local.build_dir}/manifest.json"
  manifest       = fileexists(local.manifest_path) ? jsondecode(file(local.manifest_path)) : { architecture = "x86_64", python_version = "3.13" }
  workflow_path  = "${local.build_dir}/${var.orchestration}/workflow.json"
  sources_path   = "${local.build_dir}/${var.orchestration}/sources.sha256"
  needed         = concat([local.manifest_path, local.layer], values(local.zips), [for file in local.orchestration.files : "${endswith(file, "layer.zip") ? local.layer_dir : local.build_dir}/${file}"])
  missing        = [for file in local.needed : file if !fileexists(file)]
  architecture   = coalesce(var.architecture, local.manifest.architecture)
  python_version = coalesce(var.python_version, local.manifest.python_version)

  timeout_seconds = coalesce(var.timeout_seconds, local.orchestration.timeout_seconds)
  cache_name      = replace(local.name, "_", "-")
  triggers        = { for function, settings in local.orchestration.functions : settings.trigger => function if can(settings.trigger) }

  # Mappers and reducers of packed compute: on one vCPU they cost the same and end sooner. Those of objects wait for S3.
  memory_mb = merge({ summary = 1024 }, var.shuffle == "packed" ? { mapper = 1769, reducer = 1769 } : {})

  # The recorder of failures only writes one small object; the others get what the variables say.
  settings = {
    for function in keys(local.orchestration.functions) : function => {
      memory_mb            = coalesce(try(var.function_overrides[function].memory_mb, null), function == "recorder" ? min(256, coalesce(var.memory_mb, 256)) : coalesce(var.memory_mb, lookup(local.memory_mb, function, 512)))
      timeout_seconds      = coalesce(try(var.function_overrides[function].timeout_seconds, null), function == "recorder" ? min(30, local.timeout_seconds) : lookup(local.orchestration.timeouts, function, local.timeout_seconds))
      reserved_concurrency = try(coalesce(try(var.function_overrides[function].reserved_concurrency, null), function == "recorder" ? null : var.reserved_concurrency), -1)
    }
  }

  # What bounds a fan-out, and what was reserved: the lesser of the two.
  fan_out_concurrency = { sfn = var.map_concurrency, http_only = var.fan_out_concurrency }
  bounds = {
    for function, settings in local.settings : function => concat(
      settings.reserved_concurrency > 0 ? [settings.reserved_concurrency] : [],
      contains(["mapper", "reducer"], function) ? [for orchestration, bound in local.fan_out_concurrency : bound if orchestration == var.orchestration] : [],
    )
  }
  concurrency = { for function, bounds in local.bounds : function => min(bounds...) if length(bounds) > 0 }
}

module "buckets" {
  source   = "./modules/buckets"
  for_each = local.bucket_names

  name          = each.value
  arn           = local.bucket_arns[each.key]
  expiry_days   = contains(["results", "code"], each.key) ? null : var.expiry_days
  cleanup       = var.expiry_days > 0
  tls_only      = !startswith(coalesce(var.endpoint_url, "https"), "http:")
  force_destroy = var.force_destroy
}

module "iam" {
  source = "./modules/iam"

  name              = local.name
  place             = local.place
  arn_prefix        = local.arn_prefix
  bucket_arns       = local.bucket_arns
  table_arns        = local.table_arns
  cache_arns        = { for kind in ["serverlesscache", "user"] : kind => "${local.arn_prefix}:elasticache:${var.region}:${local.account_id}:${kind}:${local.cache_name}" }
  function_arns     = local.function_arns
  log_group_arns    = local.log_group_arns
  full_access_to_s3 = var.s3_full_access ? ["mapper", "partition", "reducer"] : []
  functions = {
    for function, settings in local.orchestration.functions : function => {
      grants  = concat(settings.grants, lookup(local.shuffle_grants, function, []), local.granted_to_all)
      invokes = try(settings.invokes, [])
    }
  }
}

# Third-party code of all functions, in one layer, so that the function zips stay a few kB.
resource "aws_lambda_layer_version" "dependencies" {
  layer_name               = "${local.name}-dependencies"
  description              = "Third-party packages of ${local.name}."
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

    precondition {
      condition     = var.orchestration != "http_only" || local.timeout_seconds <= local.longest_nested_timeout
      error_message = "timeout_seconds is ${local.timeout_seconds}; with http_only it must be at most ${local.longest_nested_timeout}, because unum_map waits for a mapper, a reducer and summary one after the other, and Lambda gives it 900 s at most."
    }

    precondition {
      condition     = var.return_store == "s3" || var.orchestration == "http_sync_s3"
      error_message = "return_store is ${var.return_store}, but only http_sync_s3 has a choice of stores; leave return_store unset with ${var.orchestration}."
    }

    precondition {
      condition     = var.orchestration != "http_sync_s3" || !local.return_store.waits || alltrue([for function in ["mapper", "reducer"] : local.settings[function].reserved_concurrency != 1])
      error_message = "With http_sync_s3 the last mapper, and the last reducer, waits for the others: a reserved_concurrency of 1 in function_overrides would keep those from running at all. Make it 2 or more, or set return_store=dynamodb, with which nobody waits."
    }
  }
}

# Beside it, where it is used, what only a Redis needs: a cold start pays for each import.
resource "aws_lambda_layer_version" "redis" {
  count = var.return_store == "redis" ? 1 : 0

  layer_name               = "${local.name}-redis"
  description              = "The redis package of ${local.name}."
  filename                 = local.redis_layer
  source_code_hash         = fileexists(local.redis_layer) ? filebase64sha256(local.redis_layer) : null
  compatible_runtimes      = ["python${local.python_version}"]
  compatible_architectures = [local.architecture]
}

module "function" {
  source   = "./modules/function"
  for_each = local.function_names

  name                 = each.value
  description          = "${each.key} of the ${var.orchestration} orchestration."
  handler              = each.key == "recorder" ? "runtime.orchestration.recorder.handler.lambda_handler" : "runtime.orchestration.entry.lambda_handler"
  zip_path             = local.zips[each.key]
  code_bucket          = module.buckets["code"].name
  layer_arns           = concat([aws_lambda_layer_version.dependencies.arn], each.key == "recorder" ? [] : aws_lambda_layer_version.redis[*].arn)
  network              = contains(local.orchestration.functions[each.key].grants, "join_network") ? one(module.return_store_redis[*].network) : null
  role_arn             = module.iam.role_arns[each.key]
  architecture         = local.architecture
  python_version       = local.python_version
  memory_mb            = local.settings[each.key].memory_mb
  timeout_seconds      = local.settings[each.key].timeout_seconds
  reserved_concurrency = local.settings[each.key].reserved_concurrency
  log_group_name       = local.log_group_names[each.key]
  log_retention_days   = var.log_retention_days

  environment = merge(
    {
      ORCHESTRATION   = var.orchestration
      FUNCTION        = each.key
      FUNCTION_PREFIX = "${local.name}-"
      TIMEOUT_SECONDS = tostring(local.settings[each.key].timeout_seconds)
      BUCKETS         = jsonencode({ for role in local.orchestration.buckets : role => local.bucket_names[role] })
      TABLES          = jsonencode(local.table_names)
    },
    each.key == "mapper" ? { SHUFFLE = var.shuffle } : {},
    each.key == "mapper" && var.shuffle_memory_mb != null ? { SHUFFLE_MEMORY_MB = tostring(var.shuffle_memory_mb) } : {},
    local.orchestration.environment,
    one(module.return_store_redis[*].environment),
  )
}

################################################################################
# One module per orchestration: what that orchestration alone has
################################################################################

module "sfn" {
  source = "./modules/sfn"
  count  = var.orchestration == "sfn" ? 1 : 0

  name               = local.name
  place              = local.place
  arn                = "${local.arn_prefix}:states:${var.region}:${local.account_id}:stateMachine:${local.name}"
  definition_path    = "${local.build_dir}/sfn/definition.${var.sfn_map_mode}.asl.json"
  map_mode           = var.sfn_map_mode
  map_concurrency    = var.map_concurrency
  function_arns      = local.function_arns
  recorder           = module.function["recorder"].name
  returns_bucket     = local.bucket_names["returns"]
  returns_bucket_arn = local.bucket_arns["returns"]
  log_level          = var.sfn_log_level
  log_retention_days = var.log_retention_days
}

module "http_sync_s3" {
  source = "./modules/http_sync_s3"
  count  = var.orchestration == "http_sync_s3" ? 1 : 0

  functions    = { for function, deployed in module.function : function => deployed.name }
  recorder_arn = local.function_arns["recorder"]
  self_callers = local.return_store.waits ? ["mapper", "reducer"] : []
}

module "return_store_dynamodb" {
  source = "./modules/return_store_dynamodb"
  count  = contains(local.orchestration.tables, "returns") ? 1 : 0

  name                   = local.table_names["returns"]
  point_in_time_recovery = var.point_in_time_recovery
}

module "return_store_redis" {
  source = "./modules/return_store_redis"
  count  = local.cache ? 1 : 0

  name          = local.cache_name
  deployment    = local.name
  key_prefix    = "${local.name}-"
  region        = var.region
  function_arns = values(local.function_arns)
}

module "http_only" {
  source = "./modules/http_only"
  count  = var.orchestration == "http_only" ? 1 : 0

  functions    = { for function, deployed in module.function : function => deployed.name }
  recorder_arn = local.function_arns["recorder"]
  timeouts     = { for function, settings in local.settings : function => settings.timeout_seconds }
}

module "s3_triggers" {
  source = "./modules/s3_triggers"
  count  = var.orchestration == "s3_triggers" ? 1 : 0

  triggers      = local.triggers
  buckets       = { for role in keys(local.triggers) : role => module.buckets[role].name }
  bucket_arns   = local.bucket_arns
  functions     = { for function, deployed in module.function : function => deployed.name }
  function_arns = local.function_arns
  account_id    = local.account_id
}

# Of all orchestrations but the one with an orchestrator, which keeps its own time.
module "keeper" {
  source = "./modules/keeper"
  count  = var.orchestration == "sfn" ? 0 : 1

  name          = local.name
  rule_arn      = "${local.arn_prefix}:events:${var.region}:${local.account_id}:rule/${local.name}-sweep"
  recorder      = module.function["recorder"].name
  recorder_arn  = local.function_arns["recorder"]
  sweep_minutes = var.sweep_minutes
}

module "dynamodb_triggers" {
  source = "./modules/dynamodb_triggers"
  count  = var.orchestration == "dynamodb_triggers" ? 1 : 0

  triggers               = local.triggers
  tables                 = local.table_names
  functions              = { for function, deployed in module.function : function => deployed.name }
  recorder_arn           = local.function_arns["recorder"]
  given_up_bucket        = module.buckets["given_up"].name
  given_up_bucket_arn    = local.bucket_arns["given_up"]
  account_id             = local.account_id
  point_in_time_recovery = var.point_in_time_recovery
}
