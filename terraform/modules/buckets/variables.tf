variable "name" {
  description = "Name of the bucket, 3 to 63 characters."
  type        = string

  validation {
    condition     = length(var.name) >= 3 && length(var.name) <= 63
    error_message = "The bucket name \"${var.name}\" has ${length(var.name)} characters; S3 takes 3 to 63."
  }
}

variable "arn" {
  description = "ARN of the bucket, known before the bucket exists."
  type        = string
}

variable "cleanup" {
  description = "Whether the bucket has lifecycle rules; incomplete uploads are then given up after a day."
  type        = bool
}

variable "expiry_days" {
  description = "Days after which S3 deletes an object; null keeps objects for ever."
  type        = number
  default     = null
}

variable "tls_only" {
  description = "Whether requests over plain http are refused."
  type        = bool
}

variable "force_destroy" {
  description = "Whether destroying the bucket deletes the objects in it."
  type        = bool
}
