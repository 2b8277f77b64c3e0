"""The `.next` file: who follows this function, and how.

Packaged with each function, as data::

    {"Name": "unum_map",  "Next": "mapper",    "Edge": "Map", "FanIn": "partition"}
    {"Name": "mapper",    "Next": "partition", "Edge": "Fan-in"}
    {"Name": "summary",   "Next": null,        "Edge": null}

Edge `Map` invokes one `Next` for each element of the return value; `FanIn` names the function that all of them then meet in,
since the fan-out itself completes a fan-out of 0. `Fan-in` invokes `Next` once, when all have returned; `Scalar` invokes it with
the value; null ends the run.
"""

import json
import os
from typing import Any, Literal

from runtime.orchestration.workflow.place import DefinitionError
from runtime.record import record

FUNCTIONS = ("unum_map", "mapper", "partition", "reducer", "summary")

Kind = Literal["Map", "Fan-in", "Scalar"]
KINDS: tuple[Kind, ...] = ("Map", "Fan-in", "Scalar")


@record
class Edge:
    """One function's `.next`. `kind` and `next` are both None at the end of the run; `fan_in` is set for `Map` only."""

    name: str
    next: str | None
    kind: Kind | None
    fan_in: str | None = None

    @classmethod
    def parse(cls, text: str, source: str) -> "Edge":
        """Read a `.next` file's text; `source` is the file's name for messages.

        Raises:
            DefinitionError: no JSON object, an unknown function or kind, or fields that contradict each other.
        """
        try:
            fields = json.loads(text, object_pairs_hook=_without_twins)
        except (ValueError, RecursionError) as error:
            raise DefinitionError(f"{source}: no JSON: {error}") from None
        if not isinstance(fields, dict) or not {"Name", "Next", "Edge"} <= fields.keys() <= {"Name", "Next", "Edge", "FanIn"}:
            raise DefinitionError(f'{source}: needs "Name", "Next", "Edge" and, where "Edge" is "Map", "FanIn"; nothing else')
        name, successor, kind, fan_in = (fields.get(field) for field in ("Name", "Next", "Edge", "FanIn"))
        for field, value in (("Name", name), ("Next", successor), ("FanIn", fan_in)):
            if value not in FUNCTIONS and not (value is None and field != "Name"):
                raise DefinitionError(f'{source}: "{field}" is {value!r}; known functions: {", ".join(FUNCTIONS)}')
        if kind not in KINDS and kind is not None:
            raise DefinitionError(f'{source}: "Edge" is {kind!r}; known kinds: {", ".join(KINDS)}, or null at the end')
        if (successor is None) != (kind is None):
            raise DefinitionError(f'{source}: "Next" and "Edge" are null together, at the end of the run, or not at all')
        if (fan_in is not None) != (kind == "Map"):
            raise DefinitionError(f'{source}: "FanIn" goes with "Edge": "Map" and with nothing else')
        return cls(str(name), successor, kind, fan_in)

    @classmethod
    def load(cls, path: str | os.PathLike[str], shown: str | None = None) -> "Edge":
        """Read a `.next` file; `shown` is its name for messages, where it has a longer one.

        Raises:
            DefinitionError: it cannot be read, or its content is wrong.
        """
        source = shown or os.path.basename(path)
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise DefinitionError(f"{source}: can't be read: {reason}") from error
        return cls.parse(text, source)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError(f"a key stands twice among {', '.join(key for key, _ in pairs)}")
    return made
