"""What a run's input says of its fan-outs: how many branches they have."""

from collections.abc import Sequence
from typing import Any

from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
from scripts.workflow import Workflow


def sizes(workflow: Workflow, elements: int | None, num_reducer: int | None) -> dict[str, int]:
    """The most branches of each fan-out, by their function; what is unknown is left out.

    Args:
        workflow: that the run is one of.
        elements: how many elements the run was given; None if that is not known any more.
        num_reducer: how many reducers the input asks for; None for the default. It holds where the input is chunks of text, for
            what comes after the mappers.
    """
    found: dict[str, int] = {}
    for fan_out in workflow.fan_outs:
        if fan_out.source is None:
            found |= {} if elements is None else {fan_out.branch: elements}
        elif workflow.input == "chunks":
            found[fan_out.branch] = num_reducer or DEFAULT_NUM_REDUCER
    return found


def of_elements(workflow: Workflow, elements: Sequence[Any]) -> dict[str, int]:
    """As `sizes`, by the elements themselves."""
    asked = [element.get("numReducer") for element in elements] if workflow.input == "chunks" else []
    return sizes(workflow, len(elements), max(filter(None, asked), default=None))


def option_of(workflow: Workflow, branch: str) -> str:
    """The option that says how many branches a fan-out has."""
    return "--chunks" if branch == workflow.first.name else "--num-reducer"
