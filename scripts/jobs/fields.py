"""Checks the keys and values of a TOML file against a table, and refuses with the file, the key and what is known."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from typing import Any

Reader = Callable[[Any], Any]
"""Takes a value of the file and returns it as it is used. Raises ValueError, saying what is expected: "a whole number"."""


class JobError(Exception):
    """A folder holds no job, or its job.toml can't be used; the message says where, why, and what to write."""


def read_fields(where: str, table: Any, readers: Mapping[str, Reader], inside: str = "") -> dict[str, Any]:
    """Read the values of a table by the reader of each key; keys that are left out stay out.

    `where` is the file and `inside` the table's own name in it, for messages.

    Raises:
        JobError: it is no table, has an unknown key, or a value that its reader refuses.
    """
    if not isinstance(table, dict):
        raise JobError(f"{where}: {inside!r} must be a table, and is {table!r}")
    for key in table:
        if key not in readers:
            near = difflib.get_close_matches(key, readers, 1)
            meant = f"; did you mean {near[0]!r}?" if near else "."
            raise JobError(f"{where}: unknown key {_path(inside, key)!r}{meant} Known keys here: {', '.join(readers)}")
    found = {}
    for key, value in table.items():
        try:
            found[key] = readers[key](value)
        except ValueError as error:
            raise JobError(f"{where}: {_path(inside, key)!r} must be {error}, and is {value!r}") from None
    return found


def text(value: Any) -> str:
    """A string that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a string that is not empty")
    return value


def boolean(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def whole(least: int, most: int | None = None) -> Reader:
    """A whole number within bounds."""

    def read(value: Any) -> int:
        if type(value) is not int or value < least or (most is not None and value > most):
            raise ValueError(f"a whole number from {least} to {most}" if most else f"a whole number, {least} or more")
        return value

    return read


def one_of(*choices: str) -> Reader:
    """One of these strings."""

    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return str(value)

    return read


def json_table(value: Any) -> dict[str, Any]:
    """A table of values that JSON has too; TOML's dates, times, nan and inf are none."""
    try:
        if not isinstance(value, dict):
            raise TypeError
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise ValueError("a table of values that JSON has (no dates, times, nan or inf; write those as strings)") from None
    return value


def _path(inside: str, key: str) -> str:
    return f"{inside}.{key}" if inside else key
