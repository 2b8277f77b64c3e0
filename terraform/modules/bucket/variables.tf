variable "common" {
  description = "What all modules are given, see ../../main.tf."
  type = object({
    name          = string
    place         = string
    arn_prefix    = string
    endpoint_url  = string
    expiry_days   = number
    force_destroy = bool
  })
}

variable "role" {
  description = "What the bucket is for, such as results. The role is a part of its name, with hyphens for underscores; the name has at most 63 characters."
  type        = string
}

variable "keeps" {
  description = "Whether objects are kept for ever, however soon those of other buckets expire."
  type        = bool
  default     = false
}
