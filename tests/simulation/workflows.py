"""The workflows that schedules run: the places of their functions, and the functions themselves.

wordcount   the repository's own
chain       begins with a function, and ends with a chain: split, square for each number, total, describe
twice       two fan-outs in a row: double each number, keep those above ten, negate each of them, collect; either may be empty
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from runtime.orchestration.workflow.place import Place
from runtime.orchestration.wrapper import load_component
from tests.fakes import places

Component = Callable[[Any, Any], Any]
Outputs = dict[tuple[str, int], Any]
"""What each invocation returns, by function and index."""

ENTRY = "unum_map"
_WITH_ENTRY = ("http_sync_s3", "http_only")
"""The orchestrations that start a run by one invocation, also where the workflow begins with a fan-out."""


@dataclass(frozen=True)
class Workflow:
    """One workflow, on whichever orchestration.

    Attributes:
        flow: the places of its functions, in the order of the flow.
        functions: by name, where they are no functions of the repository; they know of nothing but their event.
        draw: makes a document that a run is given.
    """

    name: str
    flow: tuple[Place, ...]
    functions: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict, compare=False)
    draw: Callable[[Random], Any] = field(default=lambda _: None, compare=False)

    @property
    def first(self) -> Place:
        """The function that takes what the client gives: a branch for each element, or the one that a chain begins with."""
        return self.flow[0]

    def places(self, orchestration: str) -> dict[str, Place]:
        """By function, in the order of the flow; with the entry that an orchestration puts in front of a fan-out."""
        flow, first = list(self.flow), self.first
        if first.takes == "branch" and orchestration in _WITH_ENTRY:
            flow.insert(0, Place(ENTRY, "single", f"{ENTRY}-input", first.name, "Map", first.source, first.next, entry=True))
        return {place.name: place for place in flow}

    def component(self, function: str) -> Component:
        """Return a function itself."""
        if function not in self.functions:
            return load_component(function)
        own = self.functions[function]
        return lambda event, context: own(event)

    def outputs(self, document: Any) -> Outputs:
        """Return what each invocation returns, of functions that know of nothing but their event."""
        made: Outputs = {}
        value = document
        for place in self.flow:
            call = self.functions[place.name]
            if place.takes == "branch":
                value = [call(element) for element in value]
                made |= {(place.name, index): each for index, each in enumerate(value, 1)}
            else:
                made[place.name, 1] = value = call(value)
        return made


def _numbers(random: Random) -> list[int]:
    return [random.randint(0, 9) for _ in range(random.choice((0, 1, 2, 3, 12)))]


WORDCOUNT = Workflow("wordcount", tuple(place for place in places.WORDCOUNT.values() if place.name != ENTRY))

CHAIN = Workflow(
    "chain",
    (
        Place("split", "single", "split-input", "square", "Map", "square-input", "total", entry=True),
        Place("square", "branch", "square-input", "total", "Fan-in", "square-output"),
        Place("total", "gather", "square-output", "describe", "Scalar", "describe-input"),
        Place("describe", "single", "describe-input", None, None, None),
    ),
    {
        "split": lambda event: event["numbers"],
        "square": lambda number: number * number,
        "total": sum,
        "describe": lambda total: {"total": total},
    },
    lambda random: {"numbers": _numbers(random)},
)

TWICE = Workflow(
    "twice",
    (
        Place("double", "branch", "double-input", "keep", "Fan-in", "double-output"),
        Place("keep", "gather", "double-output", "negate", "Map", "negate-input", "collect"),
        Place("negate", "branch", "negate-input", "collect", "Fan-in", "negate-output"),
        Place("collect", "gather", "negate-output", None, None, None),
    ),
    {
        "double": lambda number: 2 * number,
        "keep": lambda numbers: [number for number in numbers if number > 10],
        "negate": lambda number: -number,
        "collect": list,
    },
    _numbers,
)

OTHERS = (CHAIN, TWICE)
