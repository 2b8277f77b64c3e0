variable "common" {
  description = "What all orchestrations are given, see ../../main.tf; passed on to the modules that use it."
  type        = any
}

variable "packages" {
  description = "Name of the bucket that zips are uploaded to, and ARNs of the layer versions with third-party packages: those that every function has, and those for user code."
  type        = object({ code_bucket = string, layers = list(string), job_layers = list(string) })
}

variable "workflow" {
  description = "The workflow, as ../workflow gives it out."
  type        = any
}

variable "settings" {
  description = "Nothing can be set of this orchestration alone."
  type        = object({})
  default     = {}
}
