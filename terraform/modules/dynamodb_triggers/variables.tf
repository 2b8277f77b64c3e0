variable "triggers" {
  description = "Function that is invoked for each item put into a table, by the table's role."
  type        = map(string)
}

variable "tables" {
  description = "Name of each table by role; those that trigger a function have a stream."
  type        = map(string)
}

variable "functions" {
  description = "Name of each deployed function."
  type        = map(string)
}

variable "recorder_arn" {
  description = "ARN of the recorder of failures."
  type        = string
}

variable "given_up_bucket" {
  description = "Name of the bucket for stream records that are given up."
  type        = string
}

variable "given_up_bucket_arn" {
  description = "ARN of that bucket, known before it exists."
  type        = string
}

variable "account_id" {
  description = "Account that the bucket has to belong to."
  type        = string
}

variable "point_in_time_recovery" {
  description = "Whether DynamoDB keeps backups of each table."
  type        = bool
}
