locals {
  run_buckets = { for role in ["shuffle", "returns", "results"] : role => module.buckets[role].name }
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
    state_machine_arn = one(module.sfn[*].state_machine_arn)
    sfn_map_mode      = var.orchestration == "sfn" ? var.sfn_map_mode : null
    log_groups        = { for function, deployed in module.function : function => deployed.log_group_name }
    timeout_seconds   = var.timeout_seconds
  }
}

output "orchestration" {
  description = "The orchestration that is deployed here."
  value       = var.orchestration
}

output "functions" {
  description = "Name of the Lambda function behind each function of the workflow."
  value       = { for function, deployed in module.function : function => deployed.name }
}

output "buckets" {
  description = "Name of the bucket for emitted pairs (shuffle), return values (returns) and results (results)."
  value       = local.run_buckets
}

output "state_machine_arn" {
  description = "ARN of the state machine, or null where the orchestration has none."
  value       = one(module.sfn[*].state_machine_arn)
}

output "log_groups" {
  description = "Name of the log group of each function."
  value       = { for function, deployed in module.function : function => deployed.log_group_name }
}
