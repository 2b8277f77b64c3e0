variable "common" {
  description = "What all modules are given, see ../../main.tf."
  type = object({
    name                   = string
    region                 = string
    account_id             = string
    arn_prefix             = string
    point_in_time_recovery = bool
  })
}

variable "role" {
  description = "What the table is for, such as results. The role is a part of its name."
  type        = string
}

variable "stream" {
  description = "Whether new items can invoke a function."
  type        = bool
  default     = false
}
