"""A mapper's side of the layout packed: the same pairs make the same bytes, in bounded memory, from any thread."""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.mapreduce.keys import reducer_id
from runtime.mapreduce.packed import LAYOUT
from runtime.mapreduce.packed import format as container
from runtime.mapreduce.packed.pairs import Pairs
from runtime.mapreduce.packed.partitioning import partition_numbers
from runtime.mapreduce.packed.writer import MEMORY_VARIABLE
from runtime.mapreduce.sequence import Values
from runtime.mapreduce.shuffle import Combine, Writer
from runtime.run import Run
from tests.fakes.limits import limit
from tests.fakes.packed_store import PackedStore, partitions, read_all, where, write
from tests.unit.mapreduce.test_packed_frames import VALUES, WORDS

PAIRS = st.lists(st.tuples(WORDS, st.just(1) | VALUES), max_size=30)
KEY = "run1/packed/1"


@pytest.fixture
def store() -> Iterator[PackedStore]:
    """S3."""
    with pytest.MonkeyPatch.context() as patch:
        yield PackedStore(patch)


def new_writer(combine: Combine | None = None, num_reducer: int = 3) -> Writer:
    return LAYOUT.writer(where(), num_reducer, Run("run1"), combine)


def contents(body: bytes) -> container.Contents:
    return container.parse("object", body, len(body))


@given(st.lists(WORDS), st.integers(1, 1000))
def test_partition_is_the_one_of_the_mission(words: list[str], num_reducer: int) -> None:
    assert partition_numbers(words, num_reducer) == [reducer_id(word, num_reducer) for word in words]


@given(PAIRS)
def test_mapper_that_runs_twice_writes_the_same_bytes(pairs: list[tuple[str, Any]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        store = PackedStore(patch)
        write(pairs)
        first = store.objects[KEY]
        write(pairs)

        assert store.objects[KEY] == first


@given(st.lists(WORDS, max_size=50), st.randoms())
def test_order_in_which_words_are_emitted_changes_no_byte(words: list[str], chance: random.Random) -> None:
    with pytest.MonkeyPatch.context() as patch:
        store = PackedStore(patch)
        write([(word, 1) for word in words])
        first = store.objects[KEY]
        chance.shuffle(words)
        write([(word, 1) for word in words])

        assert store.objects[KEY] == first


@given(st.lists(st.lists(WORDS, max_size=20), max_size=5))
def test_counted_words_make_the_same_bytes_as_single_ones(batches: list[list[str]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        store = PackedStore(patch)
        write([(word, 1) for batch in batches for word in batch])
        single = store.objects[KEY]
        writer = new_writer()
        for batch in batches:
            writer.add_counts(Counter(batch))
        writer.finish()

        assert store.objects[KEY] == single


def test_words_that_emit_counts_up_by_itself_count(store: PackedStore) -> None:
    writer = new_writer()
    writer.add("a", 1)
    writer.counts["a"] += 4
    writer.add("b", "x")
    writer.finish()

    assert read_all(partitions(1)) == {"a": [1] * 5, "b": ["x"]}


def test_word_with_another_value_is_no_longer_counted_up(store: PackedStore) -> None:
    writer = new_writer()
    writer.add("a", 1)
    writer.counts["a"] += 1
    writer.add("a", "x")
    assert "a" not in writer.counts
    writer.add("a", 1)
    assert "a" not in writer.counts
    writer.add_counts({"a": 2, "b": 1})
    writer.finish()

    assert read_all(partitions(1)) == {"a": [1, 1, "x", 1, 1, 1], "b": [1]}


def test_pairs_beyond_the_bound_are_sealed_into_parts_of_one_object(store: PackedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY_VARIABLE, "0.1")
    pairs = [(f"word{number % 3000}", number) for number in range(10_000)]

    write(pairs, num_reducer=2)

    blocks = contents(store.objects[KEY]).blocks
    assert [len(block.parts) > 5 for block in blocks] == [True, True]
    values = read_all(partitions(1))
    assert values["word7"] == [7, 3007, 6007, 9007]
    assert sum(map(len, values.values())) == 10_000


@pytest.mark.parametrize(
    ("function_mb", "asked_mb", "bound_mb"), [(None, None, 64), ("1769", None, 64), ("128", None, 16), ("128", "100", 100)]
)
def test_bound_fits_the_functions_memory(
    monkeypatch: pytest.MonkeyPatch, function_mb: str | None, asked_mb: str | None, bound_mb: int
) -> None:
    for name, value in (("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function_mb), (MEMORY_VARIABLE, asked_mb)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)

    assert new_writer()._memory_bytes == bound_mb * 2**20


def test_sealing_takes_words_out_of_what_emit_counts_up(store: PackedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY_VARIABLE, "0.001")
    writer = new_writer()
    counts = writer.counts
    for number in range(100):
        writer.add(f"word{number}", 1)

    assert counts is writer.counts
    assert len(counts) < 20


def test_sealed_segments_go_to_a_file_when_they_are_many(store: PackedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY_VARIABLE, "0.001")
    limit(spooled_bytes=100)

    write([(f"word{number}", 1) for number in range(500)])

    assert len(read_all(partitions(1))) == 500


def test_large_object_is_uploaded_in_parts(store: PackedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(single_put_bytes=1000)

    write([(f"word{number}", 1) for number in range(5000)])

    assert store.uploads == [KEY]
    assert len(read_all(partitions(1))) == 5000


def test_pairs_of_several_threads_all_count(store: PackedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MEMORY_VARIABLE, "0.05")
    writer = new_writer()

    def emit(thread: int) -> None:
        for number in range(2000):
            writer.add(f"word{number % 700}", 1 if number % 3 else thread)
        writer.add_counts({"counted": 10})

    threads = [threading.Thread(target=emit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    emit(9)
    for thread in threads:
        thread.join()
    writer.finish()

    values = read_all(partitions(1))
    assert sum(map(len, values.values())) == 5 * 2010
    assert Counter(values["word3"]) == {0: 1, 1: 11, 2: 1, 3: 1, 9: 1}
    assert values["counted"] == [1] * 50


def test_other_threads_pairs_stand_behind_the_own_threads_in_the_same_bytes(store: PackedStore) -> None:
    bodies = set()
    for own_first in (True, False):
        writer = new_writer()
        other = threading.Thread(target=writer.add, args=("a", "other"))
        if not own_first:
            other.start()
            other.join()
        writer.add("a", "own")
        writer.add("a", 1)
        if own_first:
            other.start()
            other.join()
        writer.finish()
        bodies.add(store.objects[KEY])

    assert read_all(partitions(1)) == {"a": ["own", 1, "other"]}
    assert len(bodies) == 1


def test_combiner_joins_values_of_each_segment(store: PackedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def combine(word: str, values: Values) -> int:
        return sum(values)

    write([("a", 1), ("a", 1), ("b", 5), ("b", 6), ("c", 1)], combine=combine)

    found = contents(store.objects[KEY])
    assert (found.emitted, found.written, found.combined) == (5, 3, True)
    assert read_all(partitions(1)) == {"a": [2], "b": [11], "c": [1]}


def test_combiner_that_fails_fails_the_mapper(store: PackedStore) -> None:
    def combine(word: str, values: Values) -> int:
        raise ZeroDivisionError(word)

    with pytest.raises(ZeroDivisionError, match="a"):
        write([("a", 1)], combine=combine)
    assert not store.objects


@pytest.mark.parametrize(
    "add", [lambda writer: writer.add("a\ud800", 1), lambda writer: writer.add_counts({"b": 1, "a\ud800": 1})]
)
def test_word_with_a_lone_surrogate_is_refused(store: PackedStore, add: Any) -> None:
    with pytest.raises(ValueError, match=r"word 'a\\ud800' is no valid Unicode text: lone surrogate at 1"):
        add(new_writer())


def test_writer_that_is_abandoned_stores_nothing(store: PackedStore) -> None:
    writer = new_writer()
    writer.add("a", 1)
    writer.abandon()

    assert not store.objects


def test_word_that_comes_five_million_times_takes_no_memory() -> None:
    pairs = Pairs()
    pairs.add("a", 1)
    size = pairs.size
    pairs.add("a", 1, 5_000_000)
    assert pairs.size == size


def test_size_grows_with_words_and_values() -> None:
    pairs = Pairs()
    sizes = []
    for word, value in [("a", 1), ("b", 1), ("a", "x" * 1000), ("a", ["y" * 1000]), ("b", {"z" * 1000: "z" * 1000})]:
        pairs.add(word, value)
        sizes.append(pairs.size)
    pairs.add_counts({"c": 1, "d": 1})

    assert all(after - before > 1000 for before, after in pairwise(sizes[1:]))
    assert pairs.size > sizes[-1] + 200
    pairs.take()
    assert pairs.size == 0
