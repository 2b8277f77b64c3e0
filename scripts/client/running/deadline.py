"""By when a run must have ended, whatever is tried again on the way. What is still open then has lost an event.

A stage of n branches may last::

    hand-over + ⌈n / concurrency⌉ × limit + (attempts - 1) × limit + pauses

`limit` is the function's time limit. Every branch may use it up once, and the last one in each of its attempts. The platform
pauses between attempts; each orchestration says for how long. The hand-over covers the delivery of events, which takes seconds
and at times minutes. A run's seconds are the sum over its stages, and over the recorder: a run that fails has to be recorded,
too. Where the entry waits for all the rest, its time limit bounds the run, and there is one stage beside the recorder's.

A branch that waits for the others may itself have to be tried again once they are there: one more term for each fan-out.

Where nothing bounds a function's concurrency, it is taken to be 10, as in a new account: too low a figure makes the deadline
late, too high a one would end runs that are under way.
"""

import time
from collections.abc import Mapping
from math import ceil

from scripts.client.deployment import Deployment
from scripts.client.orchestrations import ORCHESTRATIONS
from scripts.workflow import RECORDER

HAND_OVER_SECONDS = 300

ASSUMED_CONCURRENCY = 10

ASSUMED_BRANCHES = 100
"""Of a fan-out whose size nobody knows before it is reached."""


def run_seconds(deployment: Deployment, sizes: Mapping[str, int]) -> int:
    """How long a run may last, in seconds from its start.

    `sizes` says how many branches its fan-outs have at most, by their function, as far as that is known.
    """
    kind, workflow = ORCHESTRATIONS[deployment.orchestration], deployment.workflow

    def stage(function: str, branches: int = 1) -> int:
        limit = deployment.timeout_of(function)
        at_once = min(deployment.concurrency.get(function) or ASSUMED_CONCURRENCY, ASSUMED_CONCURRENCY)
        return HAND_OVER_SECONDS + ceil(branches / at_once) * limit + len(kind.pauses) * limit + sum(kind.pauses)

    if kind.entry_waits and workflow.entry:
        return stage(workflow.entry) + stage(RECORDER)
    branches = dict.fromkeys(workflow.branches, ASSUMED_BRANCHES) | dict(sizes)
    stages = [stage(place.name, branches.get(place.name, 1)) for place in workflow.places]
    waiting = [stage(branch) for branch in workflow.branches] if kind.last_branch_waits(deployment) else []
    return sum(stages) + sum(waiting) + stage(RECORDER)


def run_deadline(deployment: Deployment, sizes: Mapping[str, int]) -> int:
    """By when a run that starts now must have ended, in seconds since the epoch."""
    return int(time.time()) + run_seconds(deployment, sizes)


def patience_seconds(deployment: Deployment, sizes: Mapping[str, int]) -> int:
    """How long a client waits by default: until the run is overdue and two sweeps have had the time to say so."""
    return run_seconds(deployment, sizes) + 2 * 60 * deployment.sweep_minutes
