"""The `.next` file: a function's place in the workflow. Who is before it, who is next, and how values pass between them.

Packaging compiles it from the workflow and puts it into the function's zip. All fields are always there::

    {"Name": "square", "Takes": "branch", "From": "square-input", "Next": "total", "Edge": "Fan-in", "To": "square-output",
     "FanIn": null, "Entry": false, "Destination": null}

Takes        `single`: one value; `branch`: one element of a fan-out, with its index and the size; `gather`: all its values
From         the stage that it takes from. Function f takes from `{f}-input`, but whoever gathers branch b from `{b}-output`
Edge         `Map`: one `Next` for each element of the returned array; `Fan-in`: one `Next` when all branches have returned;
             `Scalar`: one `Next` with the value; null at the end of the run
To           the stage that `Next` takes from; null at the end
FanIn        who gathers the branches of an edge `Map`. A fan-out of nothing goes on there, with the stage `{Next}-output`
Entry        whether a run may begin here with a bare document
Destination  the field of its event, or of each element of that, that names a bucket; null if none does
"""

import json
import os
from collections.abc import Mapping
from typing import Any, Literal, get_args

from runtime.record import record

Takes = Literal["single", "branch", "gather"]
Edge = Literal["Map", "Fan-in", "Scalar"]

_FIELDS = ("Name", "Takes", "From", "Next", "Edge", "To", "FanIn", "Entry", "Destination")
_NAMES = ("Name", "From", "Next", "To", "FanIn", "Destination")
_ALWAYS = ("Name", "From")
_LEGAL: dict[str, tuple[Any, ...]] = {"Takes": get_args(Takes), "Edge": (*get_args(Edge), None), "Entry": (True, False)}


class DefinitionError(Exception):
    """A definition file is wrong; the message starts with the file and says what to write instead."""


@record
class Place:
    """One function's `.next`; the fields are in the order of the module's text."""

    name: str
    takes: Takes
    source: str
    next: str | None
    edge: Edge | None
    target: str | None
    fan_in: str | None = None
    entry: bool = False
    destination: str | None = None

    @classmethod
    def parse(cls, fields: Any, source: str) -> "Place":
        """Read the JSON of a `.next` file; `source` is the file's name for messages.

        Raises:
            DefinitionError: a field is missing, unknown or of the wrong kind, or fields contradict each other.
        """
        if not isinstance(fields, dict) or fields.keys() != set(_FIELDS):
            raise DefinitionError(f"{source}: needs the fields {', '.join(_FIELDS)} and no others")
        for name in _NAMES:
            if not isinstance(fields[name], str) and (name in _ALWAYS or fields[name] is not None):
                raise DefinitionError(f'{source}: "{name}" is {fields[name]!r}; it must be a name')
        for name, legal in _LEGAL.items():
            if not any(type(fields[name]) is type(each) and fields[name] == each for each in legal):
                told = ", ".join(json.dumps(each) for each in legal)
                raise DefinitionError(f'{source}: "{name}" is {fields[name]!r}; it must be one of: {told}')
        place = cls(*(fields[name] for name in _FIELDS))
        if not (place.next is None) == (place.edge is None) == (place.target is None):
            raise DefinitionError(f'{source}: "Next", "Edge" and "To" are null together, at the end of the run, or not at all')
        if (place.fan_in is not None) != (place.edge == "Map"):
            raise DefinitionError(f'{source}: "FanIn" goes with "Edge": "Map" and with nothing else')
        if (place.edge == "Fan-in") != (place.takes == "branch"):
            raise DefinitionError(f'{source}: "Edge": "Fan-in" goes with "Takes": "branch" and with nothing else')
        return place

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Place":
        """Read a `.next` file.

        Raises:
            DefinitionError: it cannot be read, or its content is wrong.
        """
        source = os.path.basename(path)
        try:
            with open(path, encoding="utf-8") as file:
                fields = json.load(file)
        except OSError as error:
            raise DefinitionError(f"{source}: can't be read: {error.strerror}") from error
        except (ValueError, RecursionError) as error:
            raise DefinitionError(f"{source}: no JSON: {error}") from error
        return cls.parse(fields, source)

    def json(self) -> dict[str, Any]:
        """The fields as the file has them."""
        return {field: getattr(self, name) for field, name in zip(_FIELDS, type(self).__match_args__, strict=True)}


def holds_branches(name: str, names: Mapping[str, str]) -> bool:
    """Whether a bucket or table, of those by their roles, is the stage with the elements of a fan-out.

    A stage `{f}-input` is that if f returns to a stage of its own, `{f}-output`.
    """
    inputs = [role.removesuffix("-input") for role, each in names.items() if each == name and role.endswith("-input")]
    return any(f"{function}-output" in names for function in inputs)
