variable "manifest" {
  description = "The compiled workflow, build/{orchestration}/workflow.json: the functions in the order of flow, each with its place and with what its component needs of AWS."
  type = object({
    name  = string
    input = string
    functions = list(object({
      Name        = string
      Takes       = string
      From        = string
      Next        = optional(string)
      Edge        = optional(string)
      To          = optional(string)
      FanIn       = optional(string)
      Entry       = bool
      Destination = optional(string)
      Needs = object({
        counts    = optional(bool, false)
        emits     = optional(bool, false)
        user_code = optional(bool, false)
        memory_mb = optional(map(number), {})
        grants = optional(list(object({
          sid      = string
          actions  = list(string)
          bucket   = string
          keys     = optional(list(string), [])
          prefixes = optional(list(string), [])
        })), [])
      })
    }))
  })
}
