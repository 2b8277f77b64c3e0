"""The workflow of a deployment: its functions in the order of the flow, as the packages' manifest and the deployment's record
say.

    {"name": "wordcount", "input": "chunks" or "document", "functions": [{"Name": "mapper", "Takes": "branch", ...}, ...]}

See `runtime.orchestration.workflow.place` for the fields of a function. The client, the comparison and the bench know a workflow
by this alone.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from runtime.orchestration.workflow.place import DefinitionError, Place
from scripts.package.workflow.model import ENTRY, RECORDER

__all__ = ["RECORDER", "FanOut", "Workflow", "WorkflowError"]

Input = Literal["chunks", "document"]


class WorkflowError(Exception):
    """A record says nothing that is a workflow; the message says what is wrong."""


@dataclass(frozen=True)
class FanOut:
    """A function that runs once for each element of an array.

    Attributes:
        source: the function that returns the array; None if it is the run's input.
        branch: the function that runs for each element.
        gatherer: the function that takes all their values.
    """

    source: str | None
    branch: str
    gatherer: str


@dataclass(frozen=True)
class Workflow:
    """A chain of functions. `places` has all of them, `ENTRY` too; what else is here leaves that out."""

    name: str
    input: Input
    places: tuple[Place, ...]

    @classmethod
    def parse(cls, record: Any) -> "Workflow":
        """Read a workflow from a manifest or a deployment's record; what else stands beside a place's fields is left alone.

        Raises:
            WorkflowError: it is none.
        """
        match record:
            case {"name": str(name), "input": "chunks" | "document" as taken, "functions": [_, *_] as functions}:
                try:
                    return cls(name, taken, tuple(map(_place, functions)))
                except DefinitionError as error:
                    raise WorkflowError(str(error)) from None
        raise WorkflowError(f"no name, input and functions: {record!r:.200}")

    @cached_property
    def steps(self) -> tuple[Place, ...]:
        """The functions that compute, in the order of the flow."""
        return self.places[1:] if self.places[0].name == ENTRY else self.places

    @property
    def order(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(place.name for place in self.steps)

    @property
    def entry(self) -> str | None:
        """The function with whose invocation a run begins; None where a run begins with a fan-out and nothing before it."""
        return next((place.name for place in self.places if place.entry), None)

    @property
    def first(self) -> Place:
        """The function that is given the input, or an element of it."""
        return self.steps[0]

    @property
    def last(self) -> str:
        """The function whose value is the result."""
        return self.steps[-1].name

    @property
    def begins_with_fan_out(self) -> bool:
        """Whether the input is an array, each element of which gets a branch."""
        return self.first.takes == "branch"

    @cached_property
    def fan_outs(self) -> tuple[FanOut, ...]:
        """The fan-outs in the order of the flow."""
        sources = (None, *self.steps)
        return tuple(
            FanOut(source.name if source else None, place.name, str(place.next))
            for source, place in zip(sources, self.steps, strict=False)
            if place.takes == "branch"
        )

    @property
    def branches(self) -> tuple[str, ...]:
        """The functions that run once for each element of an array."""
        return tuple(fan_out.branch for fan_out in self.fan_outs)

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of what lies between two functions, and before the first, in the order of the flow."""
        return tuple(place.from_stage for place in self.steps)

    def place(self, function: str) -> Place:
        """The place of a function. Raises KeyError: the workflow has none of that name."""
        return {place.name: place for place in self.places}[function]


def _place(fields: Any) -> Place:
    told = {key: value for key, value in fields.items() if key != "Needs"} if isinstance(fields, dict) else fields
    return Place.parse(told, "a function")
