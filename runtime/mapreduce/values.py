"""What may be emitted, and what a reduce may return: a value that is the same after JSON, read by any reader.

null, true, false
numbers    integers up to 2**53 - 1, above which many readers round (RFC 8259, section 6); floats but for NaN and infinity
text       any but a lone surrogate, which UTF-8 does not have
arrays     lists, `Values`, and tuples, all of which become lists; at most `MAX_DEPTH` levels
objects    dicts whose keys are strings
"""

import math
import reprlib
from collections.abc import Iterator
from typing import Any

from runtime.mapreduce.sequence import Values

Json = Any
"""A value that `canonical` has made."""

MAX_INTEGER = 2**53 - 1

MAX_DEPTH = 100
"""Levels of arrays and objects in each other. Readers stop at different depths, and a value that holds itself has no end."""

_NESTED = frozenset({list, dict, tuple, Values})


class _Shortened(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 200

    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:  # Python writes no more than some thousand digits.
            return f"<int of {x.bit_length()} bits>"

    def repr_Values(self, x: Values, level: int) -> str:
        return self.repr_list(x, level)  # type: ignore[arg-type]


_shortened = _Shortened()


def shown(value: Any) -> str:
    """A value for a message: short, and printable, whatever it holds and even if its own `__repr__` fails."""
    return _shortened.repr(value)


def canonical(value: Any, depth: int = 0) -> Json:
    """The value as plain None, bool, int, float, str, list and dict, sharing no list or dict with the one that came in.

    Args:
        value: what a map or a reduce hands out.
        depth: how many lists and dicts it stands in.

    Raises:
        TypeError: a value or a key of a kind that JSON has not.
        ValueError: a value that JSON does not carry as it is.
    """
    kind = type(value)
    # Nearly always it is one of these, and this is asked for each pair.
    if (kind is int and -MAX_INTEGER <= value <= MAX_INTEGER) or (kind is float and math.isfinite(value)):
        return value
    if (kind is str and value.isascii()) or kind is bool or value is None:
        return value
    if kind in _NESTED or isinstance(value, (list, dict)):
        if depth == MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
        if isinstance(value, dict):
            return _object(value, depth + 1)
        return [canonical(part, depth + 1) for part in value]
    return _scalar(value)


def exact(text: str) -> str:
    """The text as exactly a str; a subclass may have its own idea of equality, and of `str()`."""
    return text if type(text) is str else str.__str__(text)


def _object(value: dict[Any, Any], depth: int) -> Json:
    made: dict[str, Json] = {}
    for key, part in value.items():
        if not isinstance(key, str):
            raise TypeError(f"the key {shown(key)} of a dict must be a string in JSON")
        made[_text(key)] = canonical(part, depth)
    if len(made) != len(value):
        raise ValueError("two keys of a dict are the same text")
    return made


def _scalar(value: Any) -> Json:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        if not -MAX_INTEGER <= int.__int__(value) <= MAX_INTEGER:
            raise ValueError("many readers of JSON round integers beyond 2**53 - 1; make it a string")
        return int.__int__(value)
    if isinstance(value, float):
        if not math.isfinite(float.__float__(value)):
            raise ValueError("JSON has neither NaN nor infinity; use None or a string")
        return float.__float__(value)
    if isinstance(value, Iterator):
        raise TypeError("an iterator is no value; make a list of it")
    raise TypeError(f"JSON has no {type(value).__name__}; use numbers, strings, lists, dicts, True, False or None")


def _text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{shown(text)} is no valid Unicode text: lone surrogate at {error.start}") from None
    return exact(text)
