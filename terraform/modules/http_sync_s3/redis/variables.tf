variable "name" {
  description = "Name of the cache, its user and its network: at most 40 lower-case letters, digits and single hyphens."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 40
    error_message = "The name \"${var.name}\" must be at most 40 lower-case letters, digits and single hyphens: ElastiCache takes no other."
  }
}

variable "deployment" {
  description = "Name of the deployment, for descriptions."
  type        = string
}

variable "key_prefix" {
  description = "What all keys of the deployment begin with."
  type        = string
}

variable "region" {
  description = "AWS region, such as us-east-1."
  type        = string
}

variable "cidr" {
  description = "Addresses of the network; nothing outside it is ever reached by them."
  type        = string
  default     = "10.71.0.0/22"
}

variable "function_arns" {
  description = "ARN of each function that may be invoked from the network."
  type        = list(string)
}

variable "max_storage_gb" {
  description = "GB that the cache may hold at most."
  type        = number
  default     = 5
}

variable "max_ecpu_per_second" {
  description = "ElastiCache processing units that the cache may use in a second at most (1000 or more)."
  type        = number
  default     = 30000
}
