variable "functions" {
  description = "Name of each function that is invoked asynchronously and whose final failures are recorded."
  type        = map(string)
}

variable "recorder_arn" {
  description = "ARN of the function that records final failures."
  type        = string
}
