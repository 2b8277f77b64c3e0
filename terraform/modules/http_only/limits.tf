# Time limits. A caller must still be there when the last of those that it waits for has used up its time, one after the other; and
# Lambda gives the outermost caller 900 s. So what the others may have follows from how many of them wait for how many.
#
# A chain of functions has callers (an edge that fans out, or leads to one function) and others, which only answer. A caller waits
# for all after it, since the next caller is one of those that it waits for. For each caller half a minute is added, for its own
# work and for handing over.
locals {
  longest  = 900
  handover = 30
  order    = var.workflow.order

  callers   = [for function in local.order : function if length(local.waits_for[function]) > 0]
  answering = [for function in local.order : function if length(local.waits_for[function]) == 0]
  emitting  = [for function in local.answering : function if var.workflow.places[function].Needs.emits]

  # The most that the functions that answer may have, if all have the same.
  longest_nested = floor((local.longest - local.handover * length(local.callers)) / max(length(local.answering), 1))

  # Where some emit, the others get half of that, for they are done in the time of one emit; those that emit share what is left.
  usual = coalesce(var.common.timeout_seconds, length(local.emitting) == 0 ? min(300, local.longest_nested) : floor(local.longest_nested / 2))
  left  = local.longest - local.handover * (length(local.callers) + 1) - local.usual * (length(local.answering) - length(local.emitting))
  emit  = coalesce(var.common.timeout_seconds, floor(local.left / max(length(local.emitting), 1)))

  own = { for function in local.order : function => contains(local.callers, function) ? local.handover : contains(local.emitting, function) ? local.emit : local.usual }

  # What a function and all after it may take; for a caller that is its time limit. The outermost one gets all that there is.
  from_here_on = { for number, function in local.order : function => sum([for later in slice(local.order, number, length(local.order)) : local.own[later]]) }
  timeouts = {
    for function in local.order : function => (
      !contains(local.callers, function) ? local.own[function] :
      function == local.order[0] && var.common.timeout_seconds == null ? local.longest :
      min(local.longest, local.from_here_on[function])
    )
  }

  # With what was set apart.
  limits = { for function, deployed in module.function : function => deployed.timeout_seconds }
  too_short = [
    for caller in local.callers :
    "${caller} has ${local.limits[caller]} s and waits for ${join(" and then ", [for callee in local.waits_for[caller] : "${callee} (${local.limits[callee]} s)"])}"
    if local.limits[caller] <= sum([for callee in local.waits_for[caller] : local.limits[callee]])
  ]
}
