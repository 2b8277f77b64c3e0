"""Each function's place in a workflow, which packaging puts beside its code as `.next`."""

import json
from collections.abc import Sequence

from runtime.orchestration.workflow.place import Place
from scripts.package.workflow.model import ENTRY, Step, Workflow


def places_of(workflow: Workflow, *, entry: bool) -> list[Place]:
    """The functions of a workflow in the order of its flow.

    Args:
        workflow: what the file says.
        entry: whether the orchestration starts a run with one invocation. Then a function stands before a first fan-out. A first
            function that runs once needs none, and is the entry in every orchestration.
    """
    steps = list(workflow.steps)
    if entry and workflow.begins_with_fan_out:
        steps.insert(0, Step(ENTRY))
    return [_place(steps, number) for number in range(len(steps))]


def next_file(place: Place) -> bytes:
    """The content of a function's `.next`."""
    return (json.dumps(place.json()) + "\n").encode()


def _place(steps: Sequence[Step], number: int) -> Place:
    step = steps[number]
    before = steps[number - 1] if number else None
    after = steps[number + 1] if number + 1 < len(steps) else None
    gathers = before is not None and before.branch
    return Place(
        name=step.function,
        takes="branch" if step.branch else "gather" if gathers else "single",
        from_stage=f"{before.function}-output" if before and gathers else f"{step.function}-input",
        next=after.function if after else None,
        edge=None if after is None else "Fan-in" if step.branch else "Map" if after.branch else "Scalar",
        to_stage=None if after is None else f"{step.function}-output" if step.branch else f"{after.function}-input",
        fan_in=steps[number + 2].function if after and after.branch else None,
        entry=number == 0 and not step.branch,
        destination=step.needs.get("destination"),
    )
