"""Values of a reduce: what passes is the same after JSON, and what would change or be lost is refused."""

import json
import math
from collections import Counter, namedtuple
from decimal import Decimal
from enum import IntEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.mapreduce.values import MAX_DEPTH, MAX_INTEGER, canonical, shown

Point = namedtuple("Point", "x y")
Level = IntEnum("Level", ["LOW", "HIGH"])

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(max_size=2)
KEYS = st.text(st.characters(), max_size=3) | st.integers(-3, 3) | st.booleans() | st.none()
ANYTHING = st.recursive(
    SCALARS,
    lambda values: st.lists(values) | st.dictionaries(KEYS, values) | st.sets(st.integers(0, 9)) | st.tuples(values, values),
    max_leaves=8,
)


@settings(max_examples=100)
@given(ANYTHING)
def test_what_passes_is_the_same_after_json(value: Any) -> None:
    try:
        made = canonical(value)
    except (TypeError, ValueError):
        return

    written = json.dumps(made, ensure_ascii=False, allow_nan=False).encode()
    assert as_lists(value) == made == json.loads(written)
    assert exactly(made) == exactly(json.loads(written))


@settings(max_examples=100)
@given(ANYTHING)
def test_what_json_keeps_passes(value: Any) -> None:
    try:
        written = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError):
        return
    if as_lists(value) == json.loads(written) and all(abs(number) <= MAX_INTEGER for number in integers(value)):
        canonical(value)


def exactly(value: Any) -> Any:
    """What tells 1, True and 1.0 apart, and 0.0 and -0.0."""
    if isinstance(value, dict):
        return {key: exactly(part) for key, part in value.items()}
    return [exactly(part) for part in value] if isinstance(value, list) else (type(value), repr(value))


def as_lists(value: Any) -> Any:
    """A value with a list for each tuple, which is what a tuple becomes."""
    if isinstance(value, dict):
        return {key: as_lists(part) for key, part in value.items()}
    return [as_lists(part) for part in value] if isinstance(value, list | tuple) else value


def integers(value: Any) -> list[int]:
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list | tuple) else []
    return [number for part in parts for number in integers(part)] + ([value] if isinstance(value, int) else [])


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


def endless() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [1, True, None, -0.5, "é", "", (1, (2,)), Counter("aab"), Level.HIGH, MAX_INTEGER, -MAX_INTEGER, nested(MAX_DEPTH)],
)
def test_passes(value: Any) -> None:
    canonical(value)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({1: "a", "1": "b"}, "key 1 of a dict must be a string"),
        ({None: 1}, "key None of a dict"),
        ([{"a": {True: 1}}], "key True of a dict"),
        (b"x", "JSON has no bytes"),
        ({1, 2}, "JSON has no set"),
        (Decimal(1), "JSON has no Decimal"),
        (Point(1, 2), "JSON has no Point"),
        ([{"a": object()}], "JSON has no object"),
        (iter([1]), "an iterator is no value; make a list of it"),
    ],
)
def test_kinds_that_json_has_not_are_refused(value: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        canonical(value)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (math.nan, "neither NaN nor infinity"),
        ([-math.inf], "neither NaN nor infinity"),
        ("a\ud83d", "lone surrogate at 1"),
        ({"\udc00": 1}, "lone surrogate at 0"),
        ([["\ud83d"]], "lone surrogate at 0"),
        (MAX_INTEGER + 1, r"2\*\*53 - 1"),
        ([-MAX_INTEGER - 1], r"2\*\*53 - 1"),
        ([10**5000], r"2\*\*53 - 1"),
        (nested(MAX_DEPTH + 1), "more than 100 levels deep"),
        (endless(), "more than 100 levels deep"),
    ],
)
def test_values_that_json_would_change_are_refused(value: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        canonical(value)


class Hostile:
    def __repr__(self) -> str:
        raise LookupError("no repr")


@pytest.mark.parametrize("value", [Hostile(), [Hostile()], [10**5000], "\ud83d" * 9, "w" * 10**6, ["w" * 10**6] * 99, endless()])
def test_shown_is_short_and_never_fails(value: Any) -> None:
    text = shown(value)

    assert len(text) < 2000
    assert text.isprintable()


@pytest.mark.parametrize("value", ["x" * 1000, 10**1000, type("Odd", (), {"__repr__": lambda _: "x" * 1000})()])
def test_shown_has_two_hundred_characters_at_most(value: Any) -> None:
    assert len(shown(value)) == 200
