"""The workflows that schedules run, as packaging compiles them.

wordcount     the repository's own
chain         of the tests: begins with a function, and ends with a chain
two_fan_outs  of the tests: begins with a fan-out; a second one follows, which may be empty, as the first may
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Any

from runtime.orchestration.workflow.place import Place
from runtime.orchestration.wrapper import load_component
from scripts import paths
from scripts.package.source import Source
from scripts.package.workflow.state_machine import state_machine

Component = Callable[[Any, Any], Any]
Outputs = dict[tuple[str, int], Any]
"""What each invocation returns, by function and index."""

FOLDER = paths.ROOT / "tests" / "workflows"


@dataclass(frozen=True)
class Workflow:
    """One workflow, on whichever orchestration.

    Attributes:
        source: its file, and the folder of its functions.
        draw: makes a document that a run is given.
    """

    name: str
    source: Source
    draw: Callable[[Random], Any] = field(default=lambda _: None, compare=False)

    @property
    def first(self) -> Place:
        """The function that takes what the client gives: a branch for each element, or the one that a chain begins with."""
        return next(iter(self.places("s3_triggers").values()))

    def places(self, orchestration: str) -> dict[str, Place]:
        """By function, in the order of the flow; with the entry that an orchestration puts in front of a fan-out."""
        return _places(self.source, orchestration)

    def machine(self) -> dict[str, Any]:
        """The state machine, with inline Maps."""
        return _machine(self.source)

    def component(self, function: str) -> Component:
        """Return a function itself."""
        return load_component(function)

    def outputs(self, document: Any) -> Outputs:
        """Return what each invocation returns, of functions that know of nothing but their event."""
        made: Outputs = {}
        value = document
        for name, place in self.places("s3_triggers").items():
            call = self.component(name)
            if place.takes == "branch":
                value = [call(element, None) for element in value]
                made |= {(name, index): each for index, each in enumerate(value, 1)}
            else:
                made[name, 1] = value = call(value, None)
        return made


@cache
def _places(source: Source, orchestration: str) -> dict[str, Place]:
    return {place.name: place for place in source.places(orchestration)}


@cache
def _machine(source: Source) -> dict[str, Any]:
    return state_machine(source.read(), "INLINE")


def _of_the_tests(name: str, draw: Callable[[Random], Any]) -> Workflow:
    folder = FOLDER / name
    sys.path.append(str(folder))  # all folders `functions` that are on the path are one package together
    return Workflow(name, Source(folder / f"{name}.asl.json", folder / "functions"), draw)


def _size(random: Random) -> int:
    return random.choice((0, 1, 2, 3, 12))


def _texts(random: Random) -> list[str]:
    return ["x" * random.randint(0, 9) for _ in range(_size(random))]


WORDCOUNT = Workflow("wordcount", Source())
CHAIN = _of_the_tests("chain", lambda random: {"upto": _size(random)})
TWO_FAN_OUTS = _of_the_tests("two_fan_outs", _texts)

OTHERS = (CHAIN, TWO_FAN_OUTS)
