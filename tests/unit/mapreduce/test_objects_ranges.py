"""A long listing in ranges: nothing is read twice or skipped, wherever the ranges begin, and it costs few requests."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any
from uuid import UUID

import obstore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from runtime.aws.errors import SlowDownError
from runtime.mapreduce.keys import escape
from runtime.mapreduce.objects.ranges import list_in_ranges, places_of, split
from runtime.ports import ports
from runtime.run import Run, within
from tests.fakes.limits import limit

WORD = st.text(st.sampled_from("ab-/%é\U0001f600"), max_size=3)
WORDS = st.dictionaries(WORD, st.integers(1, 60), min_size=1, max_size=12)


@contextmanager
def small() -> Iterator[MemoryStore]:
    """A store in memory, with pages of 5 keys and ranges of 20."""
    store = MemoryStore()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ports().s3, "_open", lambda bucket: store)
        patch.setattr(ports().s3, "_page_size", 5)
        limit(range_pairs=20, place_pairs=5)
        yield store


def fill(store: MemoryStore, words: dict[str, int]) -> list[str]:
    """As many pairs of each word, with names spread as a UUID's are; their keys in order."""
    keys = [
        f"run1/reducer0/{escape(word)}/{UUID(int=(number * 2**128 + 2**127) // times)}"
        for word, times in words.items()
        for number in range(times)
    ]
    for key in keys:
        obstore.put(store, key, b"")
    return sorted(keys, key=str.encode)


def begins_of(mappers: list[dict[str, int]]) -> list[str]:
    """What partition makes of what these mappers say."""
    places: list[Any] = []
    for words in filter(None, mappers):
        own = places_of((escape(word), times) for word, times in words.items())
        places += [(place, sum(words.values()) / len(own)) for place in own]
    return split(places, sum(sum(words.values()) for words in mappers))


@settings(max_examples=100, deadline=None)
@given(WORDS, st.lists(st.builds("{}/{:04x}".format, WORD.map(escape), st.integers(0, 2**16 - 1)), max_size=6))
def test_wherever_ranges_begin_each_key_is_read_once_and_in_order(words: dict[str, int], begins: list[str]) -> None:
    with small() as store:
        keys = fill(store, words)

        found = list_in_ranges("bucket", "run1/reducer0/", sorted(begins, key=str.encode))

        assert [key for key, _ in found] == keys


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(WORD, st.integers(1, 60), max_size=12), min_size=1, max_size=4).filter(any))
def test_requests_stay_within_their_formula(mappers: list[dict[str, int]]) -> None:
    words: Counter[str] = Counter()
    for own in mappers:
        words.update(own)
    with small() as store, within(Run("run1")) as run:
        keys = fill(store, words)
        pairs = len(keys)

        found = list(list_in_ranges("bucket", "run1/reducer0/", begins_of(mappers)))

        assert [key for key, _ in found] == keys
        assert run.requests["s3.ListObjectsV2"] <= pairs // 5 + max(1, pairs // 20)
        if pairs < 2 * 20:
            assert run.requests["s3.ListObjectsV2"] == pairs // 5 + 1


@settings(max_examples=50, deadline=None)
@given(WORDS)
def test_ranges_of_one_mapper_are_about_even(words: dict[str, int]) -> None:
    with small() as store:
        keys = fill(store, words)
        begins = begins_of([words])
        borders = ["", *(f"run1/reducer0/{begin}" for begin in begins), "run1/reducer1/"]
        sizes = [sum(low.encode() < key.encode() <= high.encode() for key in keys) for low, high in pairwise(borders)]

    assert len(sizes) == max(1, len(keys) // 20)
    assert max(sizes) <= 2 * 20 + 5


def test_one_frequent_word_is_parted_by_its_names() -> None:
    with small() as store:
        fill(store, {"the": 100})
        begins = begins_of([{"the": 100}])

    assert len(begins) == 4
    assert {begin[:4] for begin in begins} == {"the/"}


def test_range_whose_page_failed_begins_again_after_the_last_key_that_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    true_list, failed = obstore.list, []

    def fails_once(*arguments: Any, **options: Any) -> Iterator[Any]:
        for number, page in enumerate(true_list(*arguments, **options)):
            if number == 1 and options["offset"] not in failed:
                failed.append(options["offset"])
                raise SlowDownError("s3:ListBucket", "bucket", "", "503")
            yield page

    monkeypatch.setattr(ports().clock, "sleep", lambda seconds: None)
    with small() as store, within(Run("run1")) as run:
        keys = fill(store, {"a": 50, "b": 50})
        monkeypatch.setattr(obstore, "list", fails_once)

        found = [key for key, _ in list_in_ranges("bucket", "run1/reducer0/", ["a/8000", "b/8000"])]

    assert found == keys
    assert len(failed) >= 3
    assert run.retries["s3:ListBucket"] == len(failed)


def test_range_begins_at_the_place_that_completes_its_share() -> None:
    limit(range_pairs=20)

    assert split([("a", 20.0), ("b", 20.0), ("c", 20.0)], 60) == ["a", "b"]
