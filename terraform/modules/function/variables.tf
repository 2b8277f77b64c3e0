variable "common" {
  description = "What all modules are given, see ../../main.tf."
  type = object({
    name                 = string
    place                = string
    region               = string
    account_id           = string
    arn_prefix           = string
    orchestration        = string
    build_dir            = string
    architecture         = string
    python_version       = string
    log_retention_days   = number
    shuffle              = string
    shuffle_memory_mb    = number
    memory_mb            = number
    timeout_seconds      = number
    reserved_concurrency = number
    s3_full_access       = bool
    outside_buckets      = optional(map(list(string)), { input = [], output = [] })
    function_overrides = map(object({
      memory_mb            = optional(number)
      timeout_seconds      = optional(number)
      reserved_concurrency = optional(number)
    }))
  })
}

variable "place" {
  description = "The function's place in the workflow, or as much of it as there is of a function outside."
  type = object({
    Name        = string
    Last        = bool
    Destination = optional(string)
    Needs = object({
      counts    = bool
      emits     = bool
      user_code = bool
      memory_mb = map(number)
      grants = list(object({
        sid      = string
        actions  = list(string)
        bucket   = string
        keys     = list(string)
        prefixes = list(string)
      }))
    })
  })
}

variable "handler" {
  description = "Dotted path of the Python callable that Lambda calls."
  type        = string
  default     = "runtime.orchestration.entry.lambda_handler"
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
  description = "What the orchestration has the function do, beside what every function does: for each statement of its policy a Sid that says what for. A statement without resources is left out."
  type = list(object({
    sid       = string
    effect    = optional(string, "Allow")
    actions   = list(string)
    resources = list(string)
    condition = optional(map(map(list(string))))
  }))
}

variable "invokes" {
  description = "Names of the functions that it invokes, without the recorder."
  type        = list(string)
  default     = []
}

variable "recorder_arn" {
  description = "ARN of the recorder where Lambda invokes the function asynchronously and hands its final failures to that; null where it doesn't."
  type        = string
  default     = null
}

variable "timeout_seconds" {
  description = "Time limit of one invocation in seconds, unless the function is set apart; null for the usual one."
  type        = number
  default     = null
}

variable "concurrency" {
  description = "How many invocations the orchestration has under way at once, or null where nothing bounds them."
  type        = number
  default     = null
}

variable "environment" {
  description = "Environment variables of the orchestration."
  type        = map(string)
  default     = {}
}

variable "network" {
  description = "Subnets and security groups that the function runs in, or null for Lambda's own network."
  type        = object({ subnet_ids = list(string), security_group_ids = list(string) })
  default     = null
}
