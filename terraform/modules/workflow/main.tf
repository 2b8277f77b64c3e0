# What every orchestration wants to know of the workflow, worked out once. It makes nothing.
locals {
  functions = var.manifest.functions
  names     = local.functions[*].Name
  # Roles of buckets that users bring along, see outside_buckets in ../../main.tf.
  outside = ["input", "output"]
  # Who returns what goes into a stage.
  givers = { for place in local.functions : place.To => place.Name if place.To != null }

  places = {
    for number, place in local.functions : place.Name => merge(place, {
      # Whether the run's input is its input, and whether what it returns is the run's result.
      First = number == 0
      Last  = place.Next == null
      # Whose return values it takes, null for the first.
      Giver = lookup(local.givers, place.From, null)
      # Of a fan-out: the stage in which its branches meet.
      Meets = one([for branch in local.functions : branch.To if place.Edge == "Map" && branch.Name == place.Next])
    })
  }
}
