variable "name" {
  description = "Name of the state machine, at most 80 characters."
  type        = string
}

variable "place" {
  description = "Last part of the name of the machine's role, which stands for account and region: roles are shared by all regions."
  type        = string
}

variable "arn" {
  description = "ARN of the state machine, known before it exists."
  type        = string
}

variable "definition_path" {
  description = "Path of the state machine's definition, a template whose placeholders are the function names, returns_bucket and map_concurrency."
  type        = string
}

variable "map_mode" {
  description = "INLINE or DISTRIBUTED, as the definition is."
  type        = string
}

variable "map_concurrency" {
  description = "How many items each Map has under way at once."
  type        = number
}

variable "function_arns" {
  description = "ARN of each function that the machine invokes."
  type        = map(string)
}

variable "recorder" {
  description = "Name of the recorder of failures."
  type        = string
}

variable "returns_bucket" {
  description = "Name of the bucket with return values and claim checks."
  type        = string
}

variable "returns_bucket_arn" {
  description = "ARN of the bucket with return values and claim checks."
  type        = string
}

variable "log_level" {
  description = "What the machine logs: OFF, ERROR, FATAL or ALL."
  type        = string
}

variable "log_retention_days" {
  description = "Days that the machine's log is kept, 0 being for ever."
  type        = number
}
