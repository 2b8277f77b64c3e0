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
  description = "fan_out_concurrency: how many branches of a fan-out are under way at once; each holds a connection and a thread of the waiting caller."
  type = object({
    fan_out_concurrency = optional(number, 64)
  })
  default = {}

  validation {
    condition     = var.settings.fan_out_concurrency >= 1 && var.settings.fan_out_concurrency <= 512 && floor(var.settings.fan_out_concurrency) == var.settings.fan_out_concurrency
    error_message = "fan_out_concurrency is ${var.settings.fan_out_concurrency}; it must be a whole number from 1 to 512."
  }
}
