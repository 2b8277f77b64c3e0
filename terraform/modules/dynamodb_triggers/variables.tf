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

variable "queue_name" {
  description = "Name of the queue for stream records that could not be delivered."
  type        = string
}

variable "queue_arn" {
  description = "ARN of that queue, known before it exists."
  type        = string
}

variable "undelivered_days" {
  description = "Days that such records are kept; 0 makes no queue."
  type        = number
}

variable "point_in_time_recovery" {
  description = "Whether DynamoDB keeps backups of each table."
  type        = bool
}
