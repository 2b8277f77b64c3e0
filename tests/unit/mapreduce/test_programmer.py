"""The programmer's functions: pairs that a map yields are emitted, and whatever else they return is told by name."""

import asyncio
import functools
import importlib
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.mapreduce import Source, Values, emit, emitting, find_combine, run_map, run_reduce
from runtime.mapreduce.programmer import combiner, takes_source
from runtime.ports import ports
from runtime.run import Run, within
from tests.fakes.round_trip import in_memory, read_back, run_mapper
from tests.fakes.shuffle_store import ShuffleStore

HERE = re.escape("tests/unit/mapreduce/test_programmer.py")
TEXT = "to be or not to be"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ShuffleStore:
    store = ShuffleStore()
    monkeypatch.setattr(ports().s3, "put_once", store.put)
    return store


def run(user_map: Any) -> None:
    with emitting("my-bucket", 3):
        run_map(user_map, TEXT)


def counts(store: ShuffleStore) -> Counter[str]:
    return Counter(key.split("/")[1] for key in store.objects)


def generator(text: str) -> Any:
    for word in text.split():
        yield word, 1


def expression(text: str) -> Any:
    return ((word, 1) for word in text.split())


def iterator(text: str) -> Any:
    return iter([(word, 1) for word in text.split()])


def zipped(text: str) -> Any:
    return zip(text.split(), [1] * 99, strict=False)


def lists(text: str) -> Any:
    for word in text.split():
        yield [word, 1]


def half_and_half(text: str) -> Any:
    for number, word in enumerate(text.split()):
        if number % 2:
            emit(word)
        else:
            yield word, 1


@pytest.mark.parametrize("user_map", [generator, expression, iterator, zipped, lists, half_and_half])
def test_each_pair_that_a_map_yields_is_emitted(user_map: Callable[[str], Any], store: ShuffleStore) -> None:
    run(user_map)

    assert counts(store) == Counter(TEXT.split())


class Methods:
    def one(self, text: str) -> Any:
        return iter([("text", text)])

    def two(self, text: str, source: Source) -> Any:
        return iter([(source.name, source.offset)])


@functools.wraps(Methods().two)
def wrapped(*arguments: Any) -> Any:
    return Methods().two(*arguments)


@pytest.mark.parametrize(
    ("user_map", "asks"),
    [
        (lambda text: None, False),
        (lambda text, source: None, True),
        (lambda text, where: None, True),
        (lambda text, source=None: None, True),
        (lambda text, stop_words=("a", "the"): None, False),
        (lambda *texts: None, False),
        (lambda text, *, source=None: None, False),
        (Methods().one, False),
        (Methods().two, True),
        (functools.partial(Methods.two, Methods()), True),
        (wrapped, True),
        (str.split, False),
        (len, False),
        (None, False),
    ],
)
def test_source_is_for_a_map_that_asks_for_it(user_map: Any, asks: bool) -> None:
    assert takes_source(user_map) == asks


def test_map_gets_the_source_of_each_text() -> None:
    def user_map(text: str, source: Source) -> Any:
        yield text, [source.name, source.offset]

    def both(_: str) -> None:
        run_map(user_map, "to", Source("a.txt", 7))
        run_map(user_map, "be")

    with in_memory():
        run_mapper("packed", both)

        assert read_back("packed") == {"to": [["a.txt", 7]], "be": [["", 0]]}


def test_error_of_a_map_is_told_with_the_place_of_its_text() -> None:
    error = LookupError("mine")

    def user_map(text: str) -> None:
        raise error

    def attempt(source: Source | None) -> None:
        with in_memory(), pytest.raises(LookupError, match="mine"):
            run_mapper("packed", lambda _: run_map(user_map, "to be", source))

    attempt(None)
    assert not hasattr(error, "__notes__")
    for _ in range(2):
        attempt(Source("logs/a.txt", 1200))
    assert error.__notes__ == ["user_map was given the text from byte 1,200 of logs/a.txt on"]


def test_a_generator_of_nothing_emits_nothing(store: ShuffleStore) -> None:
    run(lambda text: iter(()))

    assert store.objects == {}


async def coroutine(text: str) -> None:
    emit(text)


async def async_generator(text: str) -> Any:
    yield text, 1


@pytest.mark.parametrize(
    ("user_map", "told"),
    [
        (coroutine, r"returned <coroutine object coroutine.*; write def in place of async def"),
        (async_generator, r"returned <async_generator object.*; write def in place of async def"),
        (lambda text: [(text, 1)], r"returned \[\('to be or not to be', 1\)\]; call emit"),
        (lambda text: [emit(word) for word in text.split()], r"returned \[None, None, .*\]; call emit"),
        (lambda text: {"to": 2}, r"returned \{'to': 2\}; call emit"),
        (lambda text: "to", r"returned 'to'; call emit"),
        (lambda text: 0, "returned 0; call emit"),
        (lambda text: False, "returned False; call emit"),
        (lambda text: text.split, "returned <built-in method split .*>; call emit"),
        (lambda text: iter(text.split()), r"yielded 'to', which is no pair of a word, a string, and a value; call emit"),
        (lambda text: map(emit, text.split()), "yielded None, which is no pair"),
        (lambda text: iter([("to", 1, 1)]), r"yielded \('to', 1, 1\), which is no pair"),
        (lambda text: iter([(3, 1)]), r"yielded \(3, 1\), which is no pair of a word, a string"),
        (lambda text: iter([(b"to", 1)]), r"yielded \(b'to', 1\), which is no pair of a word, a string"),
        (None, r"is no function but None; write def user_map\(text\)"),
        ("emit", r"is no function but 'emit'; write def user_map\(text\)"),
        (lambda: None, r"can't be called with \('to be or not to be'\): .*; write def user_map\(text\)"),
        (lambda a, b, c: None, r"can't be called with .* missing 1 required positional argument.*; write def user_map"),
    ],
)
def test_map_that_returns_what_would_be_lost_fails_by_name(user_map: Any, told: str, store: ShuffleStore) -> None:
    with pytest.raises(TypeError, match=f"^user_map( in {HERE})? {told}"):
        run(user_map)


@pytest.mark.parametrize(
    ("value", "told"), [({1}, r"\{1\}, of type set, .*JSON has no set"), (b"x", r"b'x', of type bytes, .*JSON has no bytes")]
)
def test_yielded_value_that_json_has_not_fails_by_name(value: Any, told: str, store: ShuffleStore) -> None:
    with pytest.raises(TypeError, match=rf"^user_map in {HERE} emitted {told}"):
        run(lambda text: iter([("to", value)]))


def test_value_that_a_generator_returns_is_not_lost_unseen(store: ShuffleStore) -> None:
    def user_map(text: str) -> Any:
        yield "to", 1
        return [("be", 1)]

    with pytest.raises(TypeError, match=r"yielded pairs and then returned \[\('be', 1\)\], which would be lost"):
        run(user_map)


def test_generator_that_fails_on_an_item_is_closed_while_it_may_still_emit(store: ShuffleStore) -> None:
    closed = []

    def user_map(text: str) -> Any:
        try:
            yield "to", {2}
        finally:
            emit("last")
            closed.append(True)

    with pytest.raises(TypeError, match="JSON has no set"):
        run(user_map)
    assert closed == [True]


@pytest.mark.parametrize("error", [LookupError("mine"), TypeError("mine"), StopIteration("mine")])
def test_error_of_the_map_itself_stays_what_it_is(error: Exception, store: ShuffleStore) -> None:
    def user_map(text: str) -> None:
        raise error

    with pytest.raises(type(error), match=r"^mine$"):
        run(user_map)


def test_coroutine_is_closed_so_that_nothing_warns_of_it_later(store: ShuffleStore) -> None:
    with warnings.catch_warnings(record=True) as warned, suppress(TypeError):
        warnings.simplefilter("always")
        run(coroutine)

    assert warned == []


def test_map_may_run_a_loop_of_its_own(store: ShuffleStore) -> None:
    run(lambda text: asyncio.run(coroutine(text)))

    assert counts(store) == {"to%20be%20or%20not%20to%20be": 1}


async def reduce_coroutine(word: str, ones: list[int]) -> int:
    return 1


async def reduce_async_generator(word: str, ones: list[int]) -> Any:
    yield 1


def reduce_generator(word: str, ones: list[int]) -> Any:
    yield sum(ones)


@pytest.mark.parametrize(
    ("user_reduce", "told"),
    [
        (reduce_coroutine, "returned <coroutine object .*; write def in place of async def"),
        (reduce_async_generator, "returned <async_generator object .*; write def in place of async def"),
        (reduce_generator, "returned <generator object .* .*for the word 'be': .* return in place of yield"),
        (lambda word, ones: map(str, ones), "returned <map object .* .*for the word 'be': .* return in place of yield"),
        (3, r"is no function but 3; write def user_reduce\(word, values\)"),
        (lambda word: 1, r"can't be called with \('be', \[1, 1\]\): .*; write def user_reduce\(word, values\)"),
        (
            lambda word, ones: {1: "a", "1": "b"},
            r"returned \{1: 'a', '1': 'b'\}, of type dict, for the word 'be': the key 1 of a dict",
        ),
    ],
)
def test_reduce_that_returns_no_value_fails_by_name(user_reduce: Any, told: str) -> None:
    with pytest.raises(TypeError, match=f"^user_reduce( in {HERE})? {told}"):
        run_reduce(user_reduce, "be", [1, 1])


def test_failed_value_is_told_with_its_word() -> None:
    told = f"^user_reduce in {HERE} returned nan, of type float, for the word 'be': JSON has neither NaN"

    with pytest.raises(ValueError, match=told):
        run_reduce(lambda word, ones: float("nan"), "be", [1])


@settings(max_examples=30)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_yielded_or_emitted_is_the_same(words: list[str]) -> None:
    def emitting_map(text: str) -> None:
        for word in words:
            emit(word)

    with pytest.MonkeyPatch.context() as patch:
        stored = []
        for user_map in (emitting_map, lambda text: ((word, 1) for word in words)):
            store = ShuffleStore()
            patch.setattr(ports().s3, "put_once", store.put)
            run(user_map)
            stored.append(Counter(key.rpartition("/")[0] for key in store.objects))

    assert stored[0] == stored[1]
    assert stored[0].total() == len(words)


def test_returned_values_are_a_list_in_the_result() -> None:
    made = run_reduce(lambda word, values: {"all": values, "last": values[-1:]}, "be", Values([(1, 2), ("a", 1)]))

    assert made == {"all": [1, 1, "a"], "last": ["a"]}
    assert [type(part) for part in made.values()] == [list, list]


PACKAGE = "job_of_a_test"


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, user_combine: str | None) -> str:
    """A package with a module user_combine of that text, or without one."""
    (folder / PACKAGE).mkdir()
    if user_combine is not None:
        (folder / PACKAGE / "user_combine.py").write_text(user_combine)
    monkeypatch.syspath_prepend(folder)
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        monkeypatch.delitem(sys.modules, name)
    importlib.invalidate_caches()
    return PACKAGE


def test_job_without_a_combiner_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_combine(package(tmp_path, monkeypatch, None)) is None
    assert find_combine("functions.mapper") is None


def test_combiner_of_a_job_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    combine = find_combine(package(tmp_path, monkeypatch, "def user_combine(word, values):\n    return (word, sum(values))"))

    assert combine is not None
    assert combine("be", Values([(2, 3)])) == ["be", 6]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import no_such_module", "No module named 'no_such_module'"),
        ("user_combin = 3", r"user_combine.py has no user_combine; write def user_combine\(word, values\)"),
    ],
)
def test_combiner_that_cannot_be_imported_fails(text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImportError, match=told):
        find_combine(package(tmp_path, monkeypatch, text))


def test_error_in_the_combiners_module_stays_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AttributeError, match="no attribute 'no_such'"):
        find_combine(package(tmp_path, monkeypatch, "import math\nmath.no_such"))


@pytest.mark.parametrize(
    ("user_combine", "told"),
    [
        (reduce_coroutine, "returned <coroutine object .*; write def in place of async def"),
        (reduce_generator, "returned <generator object .*for the word 'be': .* return in place of yield"),
        (lambda word: 1, r"can't be called with \('be', \[1, 1\]\): .*; write def user_combine\(word, values\)"),
        (3, r"is no function but 3; write def user_combine\(word, values\)"),
        (lambda word, values: {1}, r"returned \{1\}, of type set, for the word 'be': JSON has no set"),
    ],
)
def test_combiner_that_returns_no_value_fails_by_name(user_combine: Any, told: str) -> None:
    with pytest.raises(TypeError, match=f"^user_combine( in {HERE})? {told}"):
        combiner(user_combine)("be", Values([(1, 2)]))


def test_objects_leave_the_combiner_out_and_say_so_in_the_log_line(store: ShuffleStore) -> None:
    noted = Run("run1")

    with within(noted), emitting("my-bucket", 3, "objects", combiner(lambda word, values: sum(values))):
        run_map(generator, TEXT)

    assert noted.notes == {"combiner": "left out"}
    assert len(store.objects) == len(TEXT.split())


def test_packed_stores_what_the_combiner_makes_of_a_word() -> None:
    def user_map(text: str) -> Any:
        for word in TEXT.split():
            yield word, 2

    with in_memory():
        run_mapper("packed", user_map, combine=combiner(lambda word, values: {"sum": sum(values)}))

        assert read_back("packed") == {word: [{"sum": 2 * times}] for word, times in Counter(TEXT.split()).items()}
