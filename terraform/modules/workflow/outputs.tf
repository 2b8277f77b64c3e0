output "order" {
  description = "Names of the functions in the order of flow."
  value       = local.names
}

output "places" {
  description = "Each function's place by its name: the manifest's fields, with First, Last, Giver and Meets."
  value       = local.places
}

output "stages" {
  description = "Names of the stages between the functions, the first one's included, in the order of flow."
  value       = local.functions[*].From
}

output "buckets" {
  description = "Roles of the deployment's own buckets that components use by themselves."
  value       = [for role in distinct(flatten([for place in local.functions : place.Needs.grants[*].bucket])) : role if !contains(local.outside, role)]
}

output "public" {
  description = "The workflow as the client reads it: name, input, and the place of each function without its needs."
  value = {
    name      = var.manifest.name
    input     = var.manifest.input
    functions = [for place in local.functions : { for field, value in place : field => value if field != "Needs" }]
  }
}
