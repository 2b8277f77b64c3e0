variable "name" {
  description = "Name of the table."
  type        = string
}

variable "point_in_time_recovery" {
  description = "Whether DynamoDB keeps backups of the table."
  type        = bool
}
