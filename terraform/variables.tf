# What is deployed.

variable "orchestration" {
  description = "How the functions are composed: sfn (a Step Functions state machine), http_sync_s3 (each function invokes the next, return values wait in S3), http_only (a caller waits for those that it invokes), s3_triggers or dynamodb_triggers (stored objects or items invoke what is next)."
  type        = string

  validation {
    condition     = contains(keys(local.settings), var.orchestration)
    error_message = "orchestration is \"${var.orchestration}\"; it must be one of: ${join(", ", keys(local.settings))}."
  }
}

variable "prefix" {
  description = "First part of every name, so that several deployments live side by side: 2 to 23 lower-case letters, digits and single hyphens, beginning with a letter."
  type        = string
  default     = "wordcount"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.prefix)) && length(var.prefix) >= 2 && length(var.prefix) <= 23
    error_message = "prefix is \"${var.prefix}\"; it must be 2 to 23 lower-case letters, digits and single hyphens, beginning with a letter (a bucket name made from it has to fit 63 characters)."
  }
}

variable "shuffle" {
  description = "How emitted pairs travel from mappers to reducers, unless a run asks for another way: objects (one object for each emit) or packed (one object for each mapper). Permissions for both are always there."
  type        = string
  default     = "objects"

  validation {
    condition     = contains(["objects", "packed"], var.shuffle)
    error_message = "shuffle is \"${var.shuffle}\"; it must be objects or packed."
  }
}

variable "shuffle_memory_mb" {
  description = "How many MB of pairs a mapper collects before it sorts and compresses them (1 to 4096, shuffle packed only). Null is 64, or an eighth of the mapper's memory if that is less."
  type        = number
  default     = null

  validation {
    condition     = var.shuffle_memory_mb == null || try(var.shuffle_memory_mb >= 1 && var.shuffle_memory_mb <= 4096, false)
    error_message = "shuffle_memory_mb must be from 1 to 4096, or null."
  }
}

variable "sweep_minutes" {
  description = "Minutes from one look for overdue runs to the next (1 to 60; not with sfn, whose state machine keeps the time): a run that lost an event is recorded as failed so long after its deadline at most."
  type        = number
  default     = 5

  validation {
    condition     = var.sweep_minutes >= 1 && var.sweep_minutes <= 60 && floor(var.sweep_minutes) == var.sweep_minutes
    error_message = "sweep_minutes is ${var.sweep_minutes}; it must be a whole number from 1 to 60."
  }
}

# Where it is deployed.

variable "region" {
  description = "AWS region, such as us-east-1."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is \"${var.region}\"; it must look like us-east-1."
  }

  validation {
    condition     = !can(regex("^(cn|us-gov|us-iso[a-z]?|eu-iso[a-z]?|eusc)-", var.region))
    error_message = "region is \"${var.region}\"; regions of China, GovCloud, the isolated and the sovereign clouds are not supported, because addresses and ARNs differ there. Choose a region of the ordinary AWS partition, such as us-east-1."
  }
}

variable "endpoint_url" {
  description = "Address of an AWS emulator such as http://127.0.0.1:4566; null deploys to AWS itself."
  type        = string
  default     = null

  validation {
    condition     = var.endpoint_url == null || can(regex("^https?://[^/]+$", var.endpoint_url))
    error_message = "endpoint_url must be scheme, host and port with no path, such as http://127.0.0.1:4566, or null for AWS."
  }
}

variable "build_dir" {
  description = "Folder with what make package built, absolute or relative to this configuration."
  type        = string
  default     = "../build"
}

variable "layer_dir" {
  description = "Folder of layer.zip and redis-layer.zip, absolute or relative to this configuration; null takes build_dir. The embedded AWS runs functions on the Python of its machine and takes the layers that were built for that."
  type        = string
  default     = null
}

# Functions.

variable "memory_mb" {
  description = "Memory of each function in MB (128 to 10240); CPU grows with it, 1769 MB being one vCPU. Null is 512, but 1024 for summary, which holds the whole result, and with shuffle packed 1769 for mapper and reducer, which then compute and hardly wait."
  type        = number
  default     = null

  validation {
    condition     = var.memory_mb == null || try(var.memory_mb >= 128 && var.memory_mb <= 10240 && floor(var.memory_mb) == var.memory_mb, false)
    error_message = "memory_mb must be a whole number from 128 to 10240, or null."
  }
}

variable "timeout_seconds" {
  description = "Time limit of one invocation in seconds (10 to 900, with http_only 280); a mapper has to emit its whole chunk in it. Null is 900 for the mapper, which emits at the rate that S3 takes, and 300 for the others; with http_only 530 and 140, and the callers get more because they wait."
  type        = number
  default     = null

  validation {
    condition     = var.timeout_seconds == null || try(var.timeout_seconds >= 10 && var.timeout_seconds <= 900 && floor(var.timeout_seconds) == var.timeout_seconds, false)
    error_message = "timeout_seconds must be a whole number from 10 to 900, or null."
  }
}

variable "architecture" {
  description = "Processor of the functions, x86_64 or arm64; null takes the one that the layer was built for."
  type        = string
  default     = null

  validation {
    condition     = var.architecture == null || contains(["x86_64", "arm64"], coalesce(var.architecture, "-"))
    error_message = "architecture must be x86_64, arm64 or null (what the layer was built for)."
  }
}

variable "python_version" {
  description = "Python of the functions, 3.11, 3.12 or 3.13; null takes the one that the layer was built for."
  type        = string
  default     = null

  validation {
    condition     = var.python_version == null || contains(["3.11", "3.12", "3.13"], coalesce(var.python_version, "-"))
    error_message = "python_version must be 3.11, 3.12, 3.13 or null (what the layer was built for)."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent invocations kept for, and allowed to, each function (at least 2, since a waiting mapper or reducer takes one); null or -1 reserves nothing."
  type        = number
  default     = null

  validation {
    condition     = var.reserved_concurrency == null || try(var.reserved_concurrency == -1 || (var.reserved_concurrency >= 2 && floor(var.reserved_concurrency) == var.reserved_concurrency), false)
    error_message = "reserved_concurrency must be null or -1 (none), or a whole number from 2: a waiting mapper or reducer takes one by itself."
  }
}

variable "function_overrides" {
  description = "Memory in MB, time limit in seconds and reserved concurrency of single functions, such as {mapper = {memory_mb = 1769}}."
  type = map(object({
    memory_mb            = optional(number)
    timeout_seconds      = optional(number)
    reserved_concurrency = optional(number)
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.function_overrides) : contains(local.functions, name)])
    error_message = "function_overrides names an unknown function; known are: ${join(", ", local.functions)}."
  }
}

variable "log_retention_days" {
  description = "Days that log lines are kept; CloudWatch Logs knows certain numbers only, 0 being for ever."
  type        = number
  default     = 14

  validation {
    condition = contains(
      [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days,
    )
    error_message = "log_retention_days is ${var.log_retention_days}; CloudWatch Logs takes 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

# Data.

variable "expiry_days" {
  description = "Days after which S3 deletes emitted pairs, return values and the objects of stages (results are kept); 0 sets no lifecycle rules at all, which saves a minute of every first apply."
  type        = number
  default     = 7

  validation {
    condition     = var.expiry_days >= 0 && floor(var.expiry_days) == var.expiry_days
    error_message = "expiry_days is ${var.expiry_days}; it must be a whole number, 0 for no lifecycle rules."
  }
}

variable "force_destroy" {
  description = "Whether destroying the deployment deletes buckets that still hold objects."
  type        = bool
  default     = false
}

variable "point_in_time_recovery" {
  description = "Whether DynamoDB keeps 35 days of backups of each table (dynamodb_triggers, and return_store dynamodb); what a run stores is temporary, so this costs more than it saves."
  type        = bool
  default     = false
}

variable "input_buckets" {
  description = "Buckets of yours that runs may read, such as [\"my-logs\"]: with s3://my-logs/2026/ as INPUT, the mappers read the objects there by themselves. They may read objects, and neither list nor write any."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for bucket in var.input_buckets : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", bucket))])
    error_message = "input_buckets holds what is no name of a bucket: ${join(", ", [for bucket in var.input_buckets : bucket if !can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", bucket))])}. Write names alone, such as [\"my-logs\"], without s3:// and prefix."
  }
}

variable "output_buckets" {
  description = "Buckets of yours that results may be written to, such as [\"my-results\"]: runs with --output s3://my-results/prefix/. Their functions may write parts, manifest.json and _SUCCESS there, and nothing else."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for bucket in var.output_buckets : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", bucket))])
    error_message = "output_buckets holds what is no name of a bucket: ${join(", ", [for bucket in var.output_buckets : bucket if !can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", bucket))])}. Write names alone, such as [\"my-results\"], without s3:// and prefix."
  }
}

variable "s3_full_access" {
  description = "Whether mapper, partition and reducer also get the managed policy AmazonS3FullAccess; wider than anything they need."
  type        = bool
  default     = false
}
