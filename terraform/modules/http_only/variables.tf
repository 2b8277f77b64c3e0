variable "functions" {
  description = "Name of each deployed function."
  type        = map(string)
}

variable "recorder_arn" {
  description = "ARN of the function that records final failures."
  type        = string
}

variable "timeouts" {
  description = "Time limit of each function in seconds; a caller's has to hold those that it waits for, one after the other."
  type        = map(number)

  validation {
    condition     = var.timeouts["partition"] > var.timeouts["reducer"] + var.timeouts["summary"]
    error_message = "partition has ${var.timeouts["partition"]} s and waits for a reducer (${var.timeouts["reducer"]} s) and then summary (${var.timeouts["summary"]} s): give it more than both together."
  }

  validation {
    condition     = var.timeouts["unum_map"] > var.timeouts["mapper"] + var.timeouts["partition"]
    error_message = "unum_map has ${var.timeouts["unum_map"]} s and waits for a mapper (${var.timeouts["mapper"]} s) and then partition (${var.timeouts["partition"]} s): give it more than both together."
  }
}
