output "deployed" {
  description = "All that is deployed; ../../orchestrations.tf says what it holds."
  value = {
    functions = merge(module.function, { recorder = module.recorder.function })
    buckets   = { for role, bucket in module.bucket : role => bucket.name }
    tables    = {}
    settings  = var.settings
    record    = { state_machine_arn = aws_sfn_state_machine.this.arn, sfn_map_mode = var.settings.map_mode }
    schedule  = module.recorder.schedule
    policy    = aws_iam_role_policy.this.policy
  }
}
