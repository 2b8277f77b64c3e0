output "recorded" {
  description = "Functions whose final failures go to the recorder."
  value       = module.final_failures.recorded
}
