"""What a map hands out is what the readers of its run find, in every layout: each value, in the order of emission."""

import asyncio
import json
import math
import threading
from collections import Counter, defaultdict, namedtuple
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, IntEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.mapreduce import emit, emit_all
from tests.fakes.limits import limit
from tests.fakes.round_trip import LAYOUTS, emitted, in_memory, read_back, run_mapper

WORDS = st.sampled_from(["a", "b", "é", "", "a/b"])
VALUES = st.one_of(
    st.just(1),
    st.sampled_from([0, 2, True, False, None, 1.0, 0.0, -0.0, "1", "é"]),
    st.lists(st.integers(0, 1), max_size=2),
    st.dictionaries(st.sampled_from("xy"), st.integers(0, 1), max_size=2),
)
PAIR = st.tuples(st.just("emit"), WORDS, VALUES)
STEP = st.one_of(
    PAIR,
    st.tuples(st.just("emit_all"), st.lists(WORDS)),
    st.tuples(st.just("lazily"), st.lists(st.one_of(WORDS, PAIR))),
    st.tuples(st.just("fails midway"), st.lists(WORDS)),
    st.tuples(st.just("yield"), WORDS, VALUES),
    st.tuples(st.just("task"), WORDS, VALUES),
)

layouts = pytest.mark.parametrize("layout", LAYOUTS)


def exactly(pairs: Any) -> dict[str, list[str]]:
    """Each word's values as JSON, which tells 1, true and 1.0 apart, and 0.0 and -0.0."""
    found: dict[str, list[str]] = defaultdict(list)
    for word, value in pairs:
        found[word].append(json.dumps(value))
    return dict(found)


def read(found: dict[str, list[Any]]) -> dict[str, list[str]]:
    return exactly((word, value) for word, values in found.items() for value in values)


def map_of(steps: list[Any]) -> Callable[[str], Iterator[Any]]:
    def user_map(text: str) -> Iterator[Any]:
        for kind, *what in steps:
            if kind == "emit":
                emit(*what)
            elif kind == "emit_all":
                emit_all(*what)
            elif kind == "lazily":
                emit_all(words_that_emit(*what))
            elif kind == "fails midway":
                with pytest.raises(LookupError):
                    emit_all(words_and_an_error(*what))
            elif kind == "yield":
                yield tuple(what)
            else:
                asyncio.run(in_a_task(*what))

    return user_map


def words_that_emit(items: list[Any]) -> Iterator[str]:
    for item in items:
        if isinstance(item, str):
            yield item
        else:
            emit(*item[1:])


def words_and_an_error(words: list[str]) -> Iterator[str]:
    yield from words
    raise LookupError


async def in_a_task(word: str, value: Any) -> None:
    await asyncio.sleep(0)
    emit(word, value)


def model_of(steps: list[Any]) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for kind, *what in steps:
        if kind in ("emit", "yield", "task"):
            pairs.append(tuple(what))
        else:
            pairs += [(item, 1) if isinstance(item, str) else tuple(item[1:]) for item in what[0]]
    return pairs


@settings(max_examples=60)
@given(st.lists(st.lists(STEP, max_size=8), min_size=1, max_size=3))
@layouts
def test_readers_find_what_was_emitted_in_its_order(layout: str, mappers: list[list[Any]]) -> None:
    found = emitted(layout, *map(map_of, mappers))

    assert read(found) == exactly(pair for steps in mappers for pair in model_of(steps))


@settings(max_examples=30)
@given(st.lists(st.lists(STEP, max_size=6), min_size=1, max_size=3), st.lists(STEP, max_size=6))
@layouts
def test_threads_lose_and_add_nothing(layout: str, threads: list[list[Any]], own: list[Any]) -> None:
    def work(steps: list[Any]) -> None:
        for pair in map_of(steps)(""):
            emit(*pair)

    def user_map(text: str) -> Any:
        with ThreadPoolExecutor(3) as pool:
            futures = [pool.submit(work, steps) for steps in threads]
            yield from map_of(own)("")
        for future in futures:
            future.result()

    found = read(emitted(layout, user_map))

    assert multisets(found) == multisets(exactly(pair for steps in [*threads, own] for pair in model_of(steps)))


def multisets(found: dict[str, list[str]]) -> dict[str, Counter[str]]:
    return {word: Counter(values) for word, values in found.items()}


@layouts
def test_many_threads_that_count_the_same_words_lose_none(layout: str) -> None:
    words = [f"w{number % 7}" for number in range(700)]

    def user_map(text: str) -> None:
        emit_all(words)
        threads = [threading.Thread(target=emit_all if number % 2 else one_by_one, args=(words,)) for number in range(6)]
        for thread in threads:
            thread.start()
        one_by_one(words)
        for thread in threads:
            thread.join()

    assert emitted(layout, user_map) == {f"w{number}": [1] * 800 for number in range(7)}


def one_by_one(words: list[str]) -> None:
    for word in words:
        emit(word)


class Loud(str):
    """Equal to every other loud one."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("a")

    def __str__(self) -> str:
        return "LOUD"


Word = Enum("Word", [("FIRST", "b")], type=str)
Level = IntEnum("Level", ["LOW"])
Point = namedtuple("Point", "x y")


def emit_words(words: list[Any]) -> None:
    for word in words:
        emit(word)


@layouts
@pytest.mark.parametrize("hand_out", [emit_words, emit_all, lambda words: emit_all(iter(words))])
def test_word_of_a_subclass_is_its_plain_text(hand_out: Any, layout: str) -> None:
    def user_map(text: str) -> None:
        hand_out(["a", Loud("b"), Word.FIRST, Loud("a")])

    assert emitted(layout, user_map) == {"a": [1, 1], "b": [1, 1]}


@layouts
def test_value_of_a_subclass_is_plain(layout: str) -> None:
    def user_map(text: str) -> None:
        for value in (Level.LOW, Word.FIRST, (1, (2,)), Counter("aa"), defaultdict(list, x=[Level.LOW])):
            emit("a", value)

    assert read(emitted(layout, user_map)) == exactly([("a", value) for value in (1, "b", [1, [2]], {"a": 2}, {"x": [1]})])


@layouts
def test_value_that_is_changed_after_its_emission_is_stored_as_it_was(layout: str) -> None:
    def user_map(text: str) -> None:
        value: dict[str, Any] = {"n": [1]}
        for _ in range(3):
            emit("a", value)
            value["n"].append(2)

    assert emitted(layout, user_map) == {"a": [{"n": [1]}, {"n": [1, 2]}, {"n": [1, 2, 2]}]}


class Equal:
    """No string, but equal to one."""

    def __eq__(self, other: object) -> bool:
        return other == "a"

    def __hash__(self) -> int:
        return hash("a")


@layouts
@pytest.mark.parametrize("word", [3, None, b"a", ["a"], Equal(), ("a", 1)])
@pytest.mark.parametrize("hand_out", [emit_words, emit_all, lambda words: emit_all(iter(words))])
def test_word_that_is_no_string_fails_the_mapper(hand_out: Any, word: Any, layout: str) -> None:
    def user_map(text: str) -> None:
        emit("a")
        with pytest.raises(TypeError):
            hand_out(["a", word, "b"])

    with (
        in_memory(),
        pytest.raises(TypeError, match=r"emit(_all)?\(\) takes (a word, a string; got|words, which are strings; rec)"),
    ):
        run_mapper(layout, user_map)


@layouts
@pytest.mark.parametrize("words", [3, None, emit])
def test_what_is_no_iterable_of_words_fails(words: Any, layout: str) -> None:
    with in_memory(), pytest.raises(TypeError, match="is not iterable"):
        run_mapper(layout, lambda text: emit_all(words))


@layouts
@pytest.mark.parametrize(
    ("value", "error", "told"),
    [
        ({1}, TypeError, r"\{1\}, of type set, for the word 'a': JSON has no set"),
        (b"x", TypeError, "b'x', of type bytes, for the word 'a': JSON has no bytes"),
        (math.nan, ValueError, "nan, of type float, for the word 'a': JSON has neither NaN nor infinity"),
        ([math.inf], ValueError, r"\[inf\], of type list, for the word 'a': JSON has neither NaN"),
        (Point(1, 2), TypeError, r"Point\(x=1, y=2\), of type Point, for the word 'a': JSON has no Point"),
        ({1: 2}, TypeError, r"\{1: 2\}, of type dict, for the word 'a': the key 1 of a dict must be a string"),
        ("\ud800", ValueError, r"'\\ud800', of type str, for the word 'a': .* lone surrogate"),
        (2**53, ValueError, "9007199254740992, of type int, for the word 'a': many readers of JSON round"),
        (iter([1]), TypeError, "<list_iterator object .* for the word 'a': an iterator is no value; make a list of it"),
    ],
)
def test_value_that_json_has_not_fails_the_mapper_with_word_type_and_file(value: Any, error: Any, told: str, layout: str) -> None:
    def user_map(text: str) -> None:
        emit("a")
        with pytest.raises(error):
            emit("a", value)

    with in_memory(), pytest.raises(error, match=f"^user_map in tests/unit/mapreduce/test_emit.py emitted {told}"):
        run_mapper(layout, user_map)


@layouts
def test_surrogate_fails_emit_all_too(layout: str) -> None:
    with in_memory(), pytest.raises(ValueError, match="lone surrogate"):
        run_mapper(layout, lambda text: emit_all(["a", "a\ud800"]))


@layouts
def test_error_of_the_iterable_that_is_caught_fails_nothing(layout: str) -> None:
    def user_map(text: str) -> None:
        with pytest.raises(TypeError, match="mine"):
            emit_all(words())

    def words() -> Iterator[str]:
        yield "a"
        raise TypeError("mine")

    assert emitted(layout, user_map) == {"a": [1]}


@layouts
def test_emit_all_takes_words_without_end_batch_by_batch(layout: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(step_words=3, batch_words=3)

    assert emitted(layout, lambda text: emit_all(iter("abcab" * 2))) == {"a": [1] * 4, "b": [1] * 4, "c": [1] * 2}


@layouts
def test_nested_emit_all_keeps_the_order(layout: str) -> None:
    def inner() -> Iterator[str]:
        yield "a"
        emit("a", 3)
        yield "a"

    def outer() -> Iterator[str]:
        emit("a", 2)
        yield "a"
        emit_all(inner())
        emit("a", 4)

    with in_memory():
        run_mapper(layout, lambda text: emit_all(outer()))
        assert read_back(layout) == {"a": [2, 1, 1, 3, 1, 4]}


@layouts
def test_emit_of_another_thread_leaves_the_order_of_emit_all_alone(layout: str) -> None:
    def words() -> Iterator[str]:
        yield "a"
        thread = threading.Thread(target=emit, args=("b", 2))
        thread.start()
        thread.join()
        emit("a", 3)

    assert emitted(layout, lambda text: emit_all(words())) == {"a": [1, 3], "b": [2]}
