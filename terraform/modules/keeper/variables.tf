variable "name" {
  description = "First part of the rule's name."
  type        = string
}

variable "rule_arn" {
  description = "ARN of the rule, known before it exists."
  type        = string
}

variable "recorder" {
  description = "Name of the function that records failures."
  type        = string
}

variable "recorder_arn" {
  description = "ARN of that function."
  type        = string
}

variable "sweep_minutes" {
  description = "Minutes from one sweep to the next."
  type        = number
}
