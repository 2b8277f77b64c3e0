"""The values of a word: they read like a list, and take the memory of what differs."""

import copy
import json
import operator
import pickle
import statistics
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.mapreduce import Values
from runtime.mapreduce.values import canonical, shown

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, -0.0, 1.0]) | st.text("ab", max_size=1),
    lambda parts: st.lists(parts, max_size=2) | st.dictionaries(st.text("ab", max_size=1), parts, max_size=2),
    max_leaves=3,
)
RUNS = st.lists(st.tuples(JSON, st.integers(1, 4)), max_size=5)
PLACES = st.none() | st.integers(-12, 12)
MILLIONS = 50_000_000


def listed(runs: list[tuple[Any, int]]) -> list[Any]:
    return [value for value, times in runs for _ in range(times)]


def same(one: Any, other: Any) -> bool:
    """Equal, and 1, True and 1.0 told apart, and 0.0 and -0.0."""
    return repr(one) == repr(other)


@settings(max_examples=200)
@given(RUNS, JSON, PLACES, PLACES, PLACES.filter(lambda step: step != 0))
def test_every_operation_that_reads_gives_what_a_list_gives(runs: Any, value: Any, start: Any, stop: Any, step: Any) -> None:
    values, expected = Values(runs), listed(runs)

    assert len(values) == len(expected)
    assert bool(values) == bool(expected)
    assert same(list(values), expected)
    assert same(list(reversed(values)), expected[::-1])
    assert same(list(values[start:stop:step]), expected[start:stop:step])
    assert repr(values) == repr(expected)
    assert values == expected
    assert expected == values
    assert values == Values(runs)
    assert (values != expected) is False
    assert values.count(value) == expected.count(value)
    assert (value in values) == (value in expected)
    assert same(values + [value], expected + [value])  # noqa: RUF005 this is what is tried
    assert same([value] + values, [value] + expected)  # noqa: RUF005
    assert same(values + values, expected + expected)
    assert same(values * 2, expected * 2)
    assert same(2 * values, 2 * expected)
    assert same(values.copy(), expected)
    assert same([*values], expected)


@settings(max_examples=100)
@given(RUNS, JSON, st.integers(-12, 12))
def test_what_fails_on_a_list_fails_alike(runs: Any, value: Any, place: int) -> None:
    def outcome(function: Callable[[], Any]) -> Any:
        try:
            return repr(function())
        except Exception as error:
            return type(error)

    values, expected = Values(runs), listed(runs)
    for operation in (
        lambda it: it[place],
        lambda it: it.index(value),
        lambda it: it.index(value, place),
        lambda it: it.index(value, 1, place),
        lambda it: hash(it),
        lambda it: it < [value],
        lambda it: [value] < it,
        lambda it: it >= [value],
        lambda it: it <= [value, value],
        lambda it: it > [],
        lambda it: it + (value,),  # noqa: RUF005 it fails
        lambda it: it["a"],
        lambda it: it * "a",
        sum,
        max,
        sorted,
    ):
        assert outcome(lambda: operation(values)) == outcome(lambda: operation(expected))  # noqa: B023 called at once


@given(RUNS, RUNS)
def test_equal_is_what_equal_lists_are(runs: Any, others: Any) -> None:
    assert (Values(runs) == Values(others)) == (listed(runs) == listed(others))
    assert (Values(runs) == listed(others)) == (listed(runs) == listed(others))
    assert Values(runs) != tuple(listed(runs))


def test_pattern_matches_it() -> None:
    match Values([(1, 2), ("a", 1)]):
        case [1, 1, str(last)]:
            assert last == "a"
        case _:
            pytest.fail("no match")


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])  # noqa: S301 our own
def test_copies_are_equal(copied: Any) -> None:
    assert copied(Values([(1, 3), ([2], 2)])) == [1, 1, 1, [2], [2]]


def test_functions_of_the_standard_library_take_it() -> None:
    values = Values([(1.0, 2), (4.0, 1)])

    assert statistics.mean(values) == 2.0
    assert ", ".join(map(str, values)) == "1.0, 1.0, 4.0"
    assert list(zip(values, "abc", strict=True))[2] == (4.0, "c")


def test_who_changes_a_list_or_a_dict_of_it_changes_no_other() -> None:
    values = Values([({"n": [1]}, 3)])

    total = values[0]
    for value in values[1:]:
        total["n"] += value["n"]

    assert total == {"n": [1, 1, 1]}
    assert values == [{"n": [1]}] * 3


def test_50_million_ones_take_no_more_memory_than_one() -> None:
    values = Values([(1, MILLIONS)])

    assert len(values) == values.count(1) == MILLIONS
    assert values[-1] == values[MILLIONS // 2] == 1
    assert len(values[::2]) == MILLIONS // 2
    assert values == Values([(1, MILLIONS)])
    assert shown(values) == "[1, 1, 1, 1, 1, 1, ...]"
    assert sys.getsizeof(values) == sys.getsizeof(Values([(1, 1)]))


def test_index_beyond_its_end_says_what_a_list_says() -> None:
    with pytest.raises(IndexError, match="list index out of range"):
        operator.getitem(Values([(1, 3)]), 3)


@pytest.mark.parametrize("returned", [Values([(1, 2), ("a", 1)]), {"all": Values([(1, 2), ("a", 1)])}, [Values([])]])
def test_returned_it_is_a_list(returned: Any) -> None:
    made = canonical(returned)

    assert json.loads(json.dumps(made)) == made == returned
