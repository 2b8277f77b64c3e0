locals {
  deployed_functions = local.deployed.functions
  function_names     = { for function, deployed in local.deployed_functions : function => deployed.name }
  log_groups         = { for function, deployed in local.deployed_functions : function => deployed.log_group_name }
  timeouts           = { for function, deployed in local.deployed_functions : function => deployed.timeout_seconds }
  unknown_settings   = setsubtract(keys(local.settings[var.orchestration]), keys(local.deployed.settings))

  # What one orchestration alone has is null elsewhere.
  record = merge({ state_machine_arn = null, sfn_map_mode = null, return_store = null, redis_url = null }, local.deployed.record)
}

output "deployment" {
  description = "All that the client needs to start a run here and to wait for its end, as one object."
  value = merge(local.record, {
    orchestration   = var.orchestration
    prefix          = var.prefix
    region          = var.region
    account_id      = local.there.account_id
    endpoint_url    = var.endpoint_url
    workflow        = module.workflow.public
    functions       = local.function_names
    buckets         = local.deployed.buckets
    tables          = local.deployed.tables
    shuffle         = var.shuffle
    input_buckets   = var.input_buckets
    output_buckets  = var.output_buckets
    log_groups      = local.log_groups
    timeout_seconds = coalesce(var.timeout_seconds, 300)
    timeouts        = local.timeouts
    memory_mb       = { for function, deployed in local.deployed_functions : function => deployed.memory_mb }
    concurrency     = { for function, deployed in local.deployed_functions : function => deployed.concurrency if deployed.concurrency != null }
    sweep_minutes   = var.sweep_minutes
    job             = try(local.workflow.job, null)
    sources         = fileexists(local.sources_path) ? file(local.sources_path) : null
  })

  # A setting that its module doesn't know would be dropped without a word.
  precondition {
    condition     = length(local.unknown_settings) == 0
    error_message = "${var.orchestration} has no setting ${join(", ", local.unknown_settings)}; it has: ${join(", ", keys(local.deployed.settings))}."
  }
}

output "functions" {
  description = "Name of the Lambda function behind each function of the workflow, and of the recorder."
  value       = local.function_names
}

output "buckets" {
  description = "Name of each bucket by what it is for: emitted pairs (shuffle), return values (returns), results (results), and with s3_triggers one for each stage."
  value       = local.deployed.buckets
}

output "tables" {
  description = "Name of each table by what it is for: one for each stage of dynamodb_triggers and its results, and http_sync_s3's returns with return_store dynamodb; empty elsewhere."
  value       = local.deployed.tables
}

output "timeouts" {
  description = "Time limit of each function in seconds."
  value       = local.timeouts
}

output "state_machine_arn" {
  description = "ARN of the state machine, or null where the orchestration has none."
  value       = local.record.state_machine_arn
}

output "log_groups" {
  description = "Name of the log group of each function."
  value       = local.log_groups
}
