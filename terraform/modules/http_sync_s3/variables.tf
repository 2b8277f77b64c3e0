variable "functions" {
  description = "Name of each deployed function; recorder among them is the recorder of final failures."
  type        = map(string)
}

variable "recorder_arn" {
  description = "ARN of the function that records final failures."
  type        = string
}

variable "self_callers" {
  description = "Functions that hand their waiting on to a fresh invocation of themselves."
  type        = list(string)
}
