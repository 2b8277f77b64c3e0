variable "common" {
  description = "What all modules are given, see ../../main.tf."
  type = object({
    name          = string
    region        = string
    account_id    = string
    arn_prefix    = string
    sweep_minutes = number
  })
}

variable "recorder" {
  description = "Name and ARN of the function that looks for overdue runs."
  type        = object({ name = string, arn = string })
}
