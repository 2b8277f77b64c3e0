locals {
  run_buckets = { for role in local.orchestration.buckets : role => module.buckets[role].name }
}

output "deployment" {
  description = "All that the client needs to start a run here and to wait for its end, as one object."
  value = {
    orchestration     = var.orchestration
    prefix            = var.prefix
    region            = var.region
    account_id        = local.account_id
    endpoint_url      = var.endpoint_url
    functions         = { for function, deployed in module.function : function => deployed.name }
    buckets           = local.run_buckets
    tables            = local.table_names
    state_machine_arn = one(module.sfn[*].state_machine_arn)
    shuffle           = var.shuffle
    sfn_map_mode      = var.orchestration == "sfn" ? var.sfn_map_mode : null
    log_groups        = { for function, deployed in module.function : function => deployed.log_group_name }
    timeout_seconds   = local.timeout_seconds
    timeouts          = { for function, settings in local.settings : function => settings.timeout_seconds }
    memory_mb         = { for function, settings in local.settings : function => settings.memory_mb }
    concurrency       = local.concurrency
    sweep_minutes     = var.sweep_minutes
    return_store      = var.orchestration == "http_sync_s3" ? var.return_store : null
    redis_url         = var.redis_url
    sources           = fileexists(local.sources_path) ? file(local.sources_path) : null
    workflow          = jsondecode(fileexists(local.workflow_path) ? file(local.workflow_path) : "null")
  }
}

output "orchestration" {
  description = "The orchestration that is deployed here."
  value       = var.orchestration
}

output "shuffle" {
  description = "How emitted pairs travel from mappers to reducers, unless a run asks for another way."
  value       = var.shuffle
}

output "functions" {
  description = "Name of the Lambda function behind each function of the workflow."
  value       = { for function, deployed in module.function : function => deployed.name }
}

output "buckets" {
  description = "Name of each bucket by what it is for: emitted pairs (shuffle), return values (returns), results (results), and with s3_triggers one for each stage."
  value       = local.run_buckets
}

output "tables" {
  description = "Name of each table by what it is for: one for each stage of dynamodb_triggers and its results, and http_sync_s3's returns with return_store dynamodb; empty elsewhere."
  value       = local.table_names
}

output "timeouts" {
  description = "Time limit of each function in seconds."
  value       = { for function, settings in local.settings : function => settings.timeout_seconds }
}

output "state_machine_arn" {
  description = "ARN of the state machine, or null where the orchestration has none."
  value       = one(module.sfn[*].state_machine_arn)
}

output "log_groups" {
  description = "Name of the log group of each function."
  value       = { for function, deployed in module.function : function => deployed.log_group_name }
}
