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
  description = "map_mode: INLINE (at most 40 branches at once; those of all fan-outs together at most 400) or DISTRIBUTED (thousands, input read from S3). map_concurrency: how many branches each Map has under way at once, at most 40 with INLINE and 10000 with DISTRIBUTED; the default is what a new account may run in all, and beyond an account's limit invocations are throttled and tried again. log_level: what the machine writes to CloudWatch Logs, OFF, ERROR, FATAL or ALL; anything but OFF costs log ingestion and gives its role the log-delivery actions, for which AWS knows no narrower resource than all."
  type = object({
    map_mode        = optional(string, "INLINE")
    map_concurrency = optional(number, 10)
    log_level       = optional(string, "OFF")
  })
  default = {}

  validation {
    condition     = contains(["INLINE", "DISTRIBUTED"], var.settings.map_mode)
    error_message = "map_mode is \"${var.settings.map_mode}\"; it must be INLINE or DISTRIBUTED."
  }

  validation {
    condition     = var.settings.map_concurrency >= 1 && var.settings.map_concurrency <= (var.settings.map_mode == "DISTRIBUTED" ? 10000 : 40) && floor(var.settings.map_concurrency) == var.settings.map_concurrency
    error_message = "map_concurrency is ${var.settings.map_concurrency}; it must be a whole number from 1 to 40, which is all that Step Functions runs at once with map_mode INLINE, or to 10000 with DISTRIBUTED."
  }

  validation {
    condition     = contains(["OFF", "ERROR", "FATAL", "ALL"], var.settings.log_level)
    error_message = "log_level is \"${var.settings.log_level}\"; it must be OFF, ERROR, FATAL or ALL."
  }
}
