variable "common" {
  description = "What all modules are given, see ../../main.tf; passed on to the function module, which says what is in it."
  type        = any
}

variable "packages" {
  description = "Name of the bucket that zips are uploaded to, and ARNs of the layer versions with third-party packages: those that every function has, and those for user code."
  type        = object({ code_bucket = string, layers = list(string), job_layers = list(string) })
}

variable "buckets" {
  description = "Name and ARN of each bucket by role; results is among them."
  type        = map(object({ name = string, arn = string }))
}

variable "tables" {
  description = "Name of each table by role."
  type        = map(string)
  default     = {}
}

variable "grants" {
  description = "What the orchestration has the recorder do beside writing a failure down, as the function module takes it."
  type        = any
  default     = []
}

variable "sweeps" {
  description = "Whether the recorder also looks for overdue runs, which somebody has to where no orchestrator keeps the time."
  type        = bool
  default     = true
}
