variable "triggers" {
  description = "Function that is invoked for each value stored in a bucket, by the bucket's role."
  type        = map(string)
}

variable "buckets" {
  description = "Name of each bucket that triggers a function, by role."
  type        = map(string)
}

variable "bucket_arns" {
  description = "ARN of each bucket by role."
  type        = map(string)
}

variable "functions" {
  description = "Name of each deployed function."
  type        = map(string)
}

variable "function_arns" {
  description = "ARN of each function; recorder among them is the recorder of final failures."
  type        = map(string)
}

variable "account_id" {
  description = "Account that the buckets have to belong to."
  type        = string
}
