"""What a reduce may return: a value that is the same after it was written as JSON and read again, by any reader.

null, true, false
numbers    integers up to 2**53 - 1, above which many readers round (RFC 8259, section 6); floats but for NaN and infinity
text       any but a lone surrogate, which UTF-8 does not have
arrays     lists, and tuples, which are read back as lists; at most `MAX_DEPTH` levels
objects    dicts whose keys are strings
"""

import math
import reprlib
from collections.abc import Iterator
from typing import Any

MAX_INTEGER = 2**53 - 1

MAX_DEPTH = 100
"""Levels of arrays and objects in each other. Readers stop at different depths, and a value that holds itself has no end."""


class _Shortened(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 200

    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:  # Python writes no more than some thousand digits.
            return f"<int of {x.bit_length()} bits>"


_shortened = _Shortened()


def shown(value: Any) -> str:
    """A value for a message: short, and printable, whatever it holds and even if its own `__repr__` fails."""
    return _shortened.repr(value)


def check_value(value: Any) -> None:
    """Refuse what JSON has not, or would change.

    Raises:
        TypeError: a value or a key of a kind that JSON has not.
        ValueError: a value that JSON does not carry as it is.
    """
    if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return  # nearly always: once for each word
    _check(value, 0)


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise ValueError("many readers of JSON round integers beyond 2**53 - 1; return it as a string")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("JSON has neither NaN nor infinity; return None or a string")
    elif isinstance(value, list | dict) or type(value) is tuple:
        if depth == MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
        if isinstance(value, dict):
            for key in value:
                _check_key(key)
            value = value.values()
        for part in value:
            _check(part, depth + 1)
    elif isinstance(value, Iterator):
        raise TypeError("an iterator is no value; return one value for each word, with return in place of yield")
    elif value is not None:
        raise TypeError(f"JSON has no {type(value).__name__}; return numbers, strings, lists, dicts, True, False or None")


def _check_key(key: Any) -> None:
    if not isinstance(key, str):
        raise TypeError(f"the key {shown(key)} of a dict must be a string in JSON")
    _check_text(key)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{shown(text)} is no valid Unicode text: lone surrogate at {error.start}") from None
