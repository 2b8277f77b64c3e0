variable "common" {
  description = "What all modules are given, see ../../../main.tf."
  type        = object({ name = string, region = string })
}

variable "name" {
  description = "Name of the cache, its user and its network: at most 40 lower-case letters, digits and single hyphens."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 40
    error_message = "The name \"${var.name}\" must be at most 40 lower-case letters, digits and single hyphens: ElastiCache takes no other."
  }
}

variable "function_arns" {
  description = "ARN of each function that may be invoked from the network."
  type        = list(string)
}
