"""A function's place in the workflow: who follows it, and how. Packaged with the function as `.next`::

    {"Name": "mapper", "Takes": "branch", "From": "mapper-input", "Next": "partition", "Edge": "Fan-in", "To": "mapper-output",
     "FanIn": null, "Entry": false, "Destination": "destination"}

Name         the function
Takes        `single`: one value; `branch`: one element of a fan-out; `gather`: all values of a fan-out, in order
From         the stage that it takes from: `{itself}-input`, or `{branch}-output` where it gathers
Next, Edge   `Map` runs Next once for each element of the array that it returns; `Fan-in` runs Next once when all branches have
             returned; `Scalar` runs it with the value; both are null where the run ends
To           the stage to which its value goes, from which Next takes; null where the run ends
FanIn        with `Map`: who gathers what the branches return. A fan-out of 0 goes on there
Entry        whether a run may begin here with a bare document
Destination  the field of its event that names a bucket, or null
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from runtime.record import record

Takes = Literal["single", "branch", "gather"]
Edge = Literal["Map", "Fan-in", "Scalar"]

TAKES: tuple[Takes, ...] = ("single", "branch", "gather")
EDGES: tuple[Edge, ...] = ("Map", "Fan-in", "Scalar")

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_STAGE = re.compile(r"[a-z][a-z0-9_]*-(input|output)")


class DefinitionError(Exception):
    """A function's place is wrong; the message starts with the file and says what to write instead."""


@record
class Place:
    """One function's place. `next`, `edge` and `to_stage` are None together, where the run ends."""

    name: str
    takes: Takes
    from_stage: str
    next: str | None
    edge: Edge | None
    to_stage: str | None
    fan_in: str | None = None
    entry: bool = False
    destination: str | None = None

    @classmethod
    def parse(cls, fields: object, source: str = ".next") -> "Place":
        """Read a place from its JSON object; `source` names where it stands, for messages.

        Raises:
            DefinitionError: a field is missing, unknown or wrong, or contradicts another.
        """
        if not isinstance(fields, Mapping) or fields.keys() != _FIELDS.keys():
            raise DefinitionError(f"{source}: needs {', '.join(map(repr, _FIELDS))}; no more and no less: {fields!r:.300}")
        for key, (holds, wanted) in _FIELDS.items():
            if not holds(fields[key]):
                raise DefinitionError(f'{source}: "{key}" is {fields[key]!r:.100}; write {wanted}')
        place = cls(*(fields[key] for key in _FIELDS))
        if problem := _contradiction(place):
            raise DefinitionError(f"{source}: {problem}")
        return place

    @classmethod
    def load(cls, path: str | os.PathLike[str], shown: str | None = None) -> "Place":
        """Read a `.next` file; `shown` is its name for messages, where it has a longer one.

        Raises:
            DefinitionError: it cannot be read, or its content is wrong.
        """
        source = shown or os.path.basename(path)
        try:
            with open(path, encoding="utf-8") as file:
                fields = json.load(file)
        except OSError as error:
            raise DefinitionError(f"{source}: can't be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise DefinitionError(f"{source}: no JSON: {error}") from None
        return cls.parse(fields, source)

    @property
    def gathered_stage(self) -> str:
        """With `Map`: the stage to which the branches return, and from which `fan_in` takes."""
        return f"{self.next}-output"

    def json(self) -> dict[str, Any]:
        """The place as a JSON object, which `parse` reads."""
        return dict(zip(_FIELDS, (getattr(self, name) for name in self.__match_args__), strict=True))


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _or_null(holds: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or holds(value)


_FIELDS: dict[str, tuple[Callable[[object], bool], str]] = {
    "Name": (_matches(_NAME), "the name of a function"),
    "Takes": (lambda value: value in TAKES, ", ".join(TAKES)),
    "From": (_matches(_STAGE), '"{function}-input" or "{function}-output"'),
    "Next": (_or_null(_matches(_NAME)), "the name of a function, or null at the end"),
    "Edge": (lambda value: value is None or value in EDGES, f"{', '.join(EDGES)}, or null at the end"),
    "To": (_or_null(_matches(_STAGE)), '"{function}-input" or "{function}-output", or null at the end'),
    "FanIn": (_or_null(_matches(_NAME)), "the name of a function, or null"),
    "Entry": (lambda value: isinstance(value, bool), "true or false"),
    "Destination": (_or_null(lambda value: isinstance(value, str)), "the name of a field, or null"),
}
"""What each field holds, as a check and in words; in the order of the attributes."""


def _contradiction(place: Place) -> str | None:
    """Return in words which fields contradict each other, or None."""
    if (place.next is None) != (place.edge is None):
        return '"Next" and "Edge" are null together, at the end of the run, or not at all'
    if (place.fan_in is not None) != (place.edge == "Map"):
        return '"FanIn" goes with "Edge": "Map" and with nothing else'
    if (place.takes == "branch") != (place.edge == "Fan-in"):
        return '"Takes": "branch" goes with "Edge": "Fan-in" and with nothing else'
    if place.entry and place.takes != "single":
        return '"Entry": true goes with "Takes": "single" and with nothing else'
    own = f"{place.name}-input"
    if (place.from_stage == own) == (place.takes == "gather"):
        wanted = "the output of the branches" if place.takes == "gather" else repr(own)
        return f'"From" is {place.from_stage!r}; write {wanted}'
    to = None if place.next is None else f"{place.name}-output" if place.edge == "Fan-in" else f"{place.next}-input"
    if place.to_stage != to:
        return f'"To" is {place.to_stage!r}; write {to!r}'
    return None


def holds_branches(name: str, names: Mapping[str, str]) -> bool:
    """Return whether a bucket or table, out of `names` by role, is the stage with the elements of a fan-out.

    A stage `{f}-input` is one if f returns to a stage of its own, `{f}-output`.
    """
    inputs = [role.removesuffix("-input") for role, each in names.items() if each == name and role.endswith("-input")]
    return any(f"{function}-output" in names for function in inputs)
