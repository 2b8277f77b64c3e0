variable "name" {
  description = "First part of the name of each role."
  type        = string
}

variable "place" {
  description = "Last part of the name of each role, which stands for account and region: roles are shared by all regions."
  type        = string
}

variable "arn_prefix" {
  description = "First two parts of an ARN, such as arn:aws."
  type        = string
}

variable "functions" {
  description = "For each function that gets a role, the grants (names in grants*.tf) and the functions that it may invoke."
  type = map(object({
    grants  = list(string)
    invokes = list(string)
  }))
}

variable "bucket_arns" {
  description = "ARN of each bucket by role, of all roles that there are in any orchestration."
  type        = map(string)
}

variable "table_arns" {
  description = "ARN of each table by role, of all roles that there are in any orchestration."
  type        = map(string)
}

variable "cache_arns" {
  description = "ARN of the ElastiCache cache for return values, and of its user."
  type        = map(string)
}

variable "function_arns" {
  description = "ARN of each function."
  type        = map(string)
}

variable "log_group_arns" {
  description = "ARN of each function's log group, without the trailing :*."
  type        = map(string)
}

variable "full_access_to_s3" {
  description = "Functions whose role also gets the managed policy AmazonS3FullAccess."
  type        = list(string)
  default     = []
}
