variable "name" {
  description = "Name of the function, at most 64 characters."
  type        = string

  validation {
    condition     = length(var.name) <= 64
    error_message = "The function name \"${var.name}\" has ${length(var.name)} characters; Lambda takes 64."
  }
}

variable "description" {
  description = "One sentence for the console."
  type        = string
}

variable "handler" {
  description = "Dotted path of the Python callable that Lambda calls."
  type        = string
}

variable "zip_path" {
  description = "Path of the function's zip, made by make package."
  type        = string
}

variable "code_bucket" {
  description = "Name of the bucket that the zip is uploaded to."
  type        = string
}

variable "layer_arns" {
  description = "ARNs of the layer versions with the third-party packages."
  type        = list(string)
}

variable "network" {
  description = "Subnets and security groups that the function runs in, or null for Lambda's own network."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}

variable "role_arn" {
  description = "ARN of the role that the function runs with."
  type        = string
}

variable "architecture" {
  description = "Processor: x86_64 or arm64."
  type        = string
}

variable "python_version" {
  description = "Python, such as 3.13."
  type        = string
}

variable "memory_mb" {
  description = "Memory in MB."
  type        = number
}

variable "timeout_seconds" {
  description = "Time limit of one invocation in seconds."
  type        = number
}

variable "reserved_concurrency" {
  description = "Concurrent invocations kept for, and allowed to, the function; -1 reserves nothing."
  type        = number
}

variable "environment" {
  description = "Environment variables."
  type        = map(string)
}

variable "log_group_name" {
  description = "Name of the log group."
  type        = string
}

variable "log_retention_days" {
  description = "Days that log lines are kept, 0 being for ever."
  type        = number
}
