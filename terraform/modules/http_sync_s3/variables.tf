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
  description = "fan_in_wait_seconds: how long a fan-in waits for its branches, in seconds over all hand-ons, before the run is recorded as failed (1 to 86400). return_store: where return values wait for their fan-in, s3, dynamodb (a table) or redis (an ElastiCache serverless cache in a network of its own, or redis_url). redis_url: a Redis to use on an emulator, which has no ElastiCache, such as redis://:password@127.0.0.1:6379/0; plans and the state show it."
  type = object({
    fan_in_wait_seconds = optional(number, 3600)
    return_store        = optional(string, "s3")
    redis_url           = optional(string)
  })
  default = {}

  validation {
    condition     = var.settings.fan_in_wait_seconds >= 1 && var.settings.fan_in_wait_seconds <= 86400 && floor(var.settings.fan_in_wait_seconds) == var.settings.fan_in_wait_seconds
    error_message = "fan_in_wait_seconds is ${var.settings.fan_in_wait_seconds}; it must be a whole number from 1 to 86400."
  }

  validation {
    condition     = contains(["s3", "dynamodb", "redis"], var.settings.return_store)
    error_message = "return_store is \"${var.settings.return_store}\"; it must be s3, dynamodb or redis."
  }

  validation {
    condition     = var.settings.redis_url == null || can(regex("^rediss?://[^/]+", var.settings.redis_url))
    error_message = "redis_url must begin with redis:// or, for TLS, rediss://, and name a host."
  }

  validation {
    condition     = (var.settings.redis_url != null) == (var.settings.return_store == "redis" && var.common.endpoint_url != null)
    error_message = "redis_url is for return_store redis on an emulator (endpoint_url), and needed there; on AWS the cache is ElastiCache, with no secret to be kept."
  }
}
