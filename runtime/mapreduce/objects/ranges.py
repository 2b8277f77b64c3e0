"""A long listing in ranges of its keys, so that several are read at once.

A listing gives 1,000 keys a request, one request after the other, and nobody but the mappers knows how the keys are spread. So
each mapper says it in a few places, from which partition makes ranges of some `range_pairs` pairs. Wherever they begin, ranges
cover everything once: each begins after the key at which the one before it ends. For n pairs, that costs at most
⌊n/1000⌋ + ⌊n/4000⌋ requests; a listing of less than twice `range_pairs` is not split, and costs ⌊n/1000⌋ + 1.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from itertools import chain, pairwise

from runtime.aws import s3
from runtime.concurrency import in_order
from runtime.ports import ports

_AT_ONCE = 8

Place = tuple[str, float]
"""A key within a partition's directory, and for how many pairs it stands."""


def places_of(words: Iterable[tuple[str, int]]) -> list[str]:
    """Places that part a mapper's pairs of a partition about evenly: one for each `place_pairs`, and at least one.

    Args:
        words: segments, and how many pairs each has; at least one.
    """
    ordered = sorted(((segment + "/").encode(), times) for segment, times in words)
    pairs = sum(times for _, times in ordered)
    number = max(1, pairs // ports().limits.place_pairs)
    places: list[str] = []
    before = 0
    for key, times in ordered:
        while len(places) < number and (wanted := (len(places) + 0.5) * pairs / number) < before + times:
            # The pairs of a word have names that begin with any hexadecimal digits, all equally often.
            places.append(f"{key.decode()}{int((wanted - before) / times * 0x10000):04x}")
        before += times
    return places


def split(places: Iterable[Place], pairs: int) -> list[str]:
    """Where the ranges begin, but for the first, into which a partition's listing is split."""
    number = pairs // ports().limits.range_pairs
    if number < 2:
        return []
    begins: list[str] = []
    before = 0.0
    for place, weight in sorted(places, key=lambda each: each[0].encode()):
        before += weight
        if len(begins) + 1 < number and before >= (len(begins) + 1) * pairs / number and place not in begins[-1:]:
            begins.append(place)
    return begins


def list_in_ranges(bucket: str, prefix: str, begins: Iterable[str]) -> Iterator[s3.Listed]:
    """All objects under a prefix, in the order of their keys. Raises StorageError."""
    borders = (None, *(prefix + begin for begin in begins), None)
    if len(borders) == 2:
        yield from ports().s3.list_objects(bucket, prefix)
        return
    with closing(in_order(partial(_list, bucket, prefix), pairwise(borders), _AT_ONCE)) as found:
        yield from chain.from_iterable(found)


def _list(bucket: str, prefix: str, borders: tuple[str | None, str | None]) -> list[s3.Listed]:
    return list(ports().s3.list_objects(bucket, prefix, *borders))
