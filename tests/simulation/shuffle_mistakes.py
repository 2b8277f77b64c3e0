"""Known mistakes in how pairs are stored and found again, see `mistakes`.

What the run itself notices must never give a wrong result. What no sum and no checksum can tell, the order of values, shows in
the result.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from itertools import islice
from typing import Any
from unittest.mock import patch
from uuid import UUID

from runtime.aws import s3
from runtime.aws.errors import TransientError
from runtime.mapreduce import list_partitions, manifest
from runtime.mapreduce import parts as output_parts
from runtime.mapreduce.keys import Destination
from runtime.mapreduce.objects import reader as objects_reader
from runtime.mapreduce.objects import writer as objects_writer
from runtime.mapreduce.packed import format, frames, merge, names, reader, writer
from runtime.mapreduce.ranged import between
from runtime.mapreduce.sequence import Values
from runtime.record import replace
from runtime.run import Run
from scripts.orchestrations import ORCHESTRATIONS
from tests.simulation import seams
from tests.simulation.mistakes import Mistake


def _random_uuids() -> AbstractContextManager[Any]:
    def uuid(self: Any, occurrence: int) -> str:
        return str(UUID(int=seams.current.world.random.getrandbits(128), version=4))

    return patch.object(objects_writer.ObjectWriter, "_uuid", uuid)


def _first_page_only() -> AbstractContextManager[Any]:
    whole = s3.S3.list_objects

    def list_objects(
        self: s3.S3, bucket: str, prefix: str, after: str | None = None, until: str | None = None
    ) -> Iterator[s3.Listed]:
        yield from islice(whole(self, bucket, prefix, after), self._page_size)

    return patch.object(s3.S3, "list_objects", list_objects)


def _partitions_in_order_of_text() -> AbstractContextManager[Any]:
    def in_order_of_text(destination: object, shuffle: object, mappers: int) -> list[str]:
        return sorted(list_partitions(destination, shuffle, mappers))

    return patch("functions.partition.partition.list_partitions", in_order_of_text)


def _put_that_is_given_up() -> AbstractContextManager[Any]:
    put_once = s3.S3.put_once

    def put_at_most_once(self: s3.S3, bucket: str, key: str, body: bytes) -> None:
        try:
            put_once(self, bucket, key, body)
        except TransientError:
            if "/reducer" not in key:
                raise

    return patch.object(s3.S3, "put_once", put_at_most_once)


def _values_in_order_of_names() -> AbstractContextManager[Any]:
    true_merged = objects_reader._merged

    def merged(ones: int, others: list[tuple[int, str, Any]]) -> Iterator[tuple[object, int]]:
        by_name = sorted(others, key=lambda other: other[1])
        return true_merged(ones, [(number, name, body) for number, (_, name, body) in enumerate(by_name)])

    return patch.object(objects_reader, "_merged", merged)


def _ones_first() -> AbstractContextManager[Any]:
    def merged(ones: int, others: list[tuple[int, str, Any]]) -> Iterator[tuple[object, int]]:
        if ones:
            yield 1, ones
        for _, _, body in sorted(others, key=lambda other: other[:2]):
            yield body.value, 1

    return patch.object(objects_reader, "_merged", merged)


@contextmanager
def _attempts_that_differ() -> Iterator[None]:
    """Each attempt of a mapper writes other bytes, and the put of one is so late that partition has read another's index."""
    store = names.store

    def encode(words: list[str], runs: list[Any], size: int) -> Iterator[bytes]:
        return frames.encode_frames(words, runs, seams.current.world.random.randrange(1, 40))

    def store_late(where: Destination, name: str, run: Run, size: int, chunks: Callable[[], Iterator[bytes]]) -> None:
        simulation = seams.current
        attempts: dict[str, set[bytes]] = vars(simulation).setdefault("attempts", {})
        if name != names.MERGED:
            attempts.setdefault(names.directory(where) + name, set()).add(b"".join(chunks()))
        store(where, name, run, size, chunks)
        if name == names.MERGED:
            for key, bodies in attempts.items():
                late = sorted(bodies - {simulation.buckets.find(where.bucket, key).body})
                _overwrite_soon(where.bucket, key, late[0] if late else None)

    with patch.object(writer, "encode_frames", encode), patch.object(names, "store", store_late):
        yield


def _index_of_another_run() -> AbstractContextManager[Any]:
    """Runs have one directory in common, and another run's partition writes its index a little later."""
    store = names.store

    def collide(where: Destination, name: str, run: Run, size: int, chunks: Callable[[], Iterator[bytes]]) -> None:
        store(where, name, run, size, chunks)
        if name == names.MERGED and seams.current.scenario.small_blocks:
            body = b"".join(chunks())
            others = replace(format.parse(name, body, len(body)), run="run0", emitted=0, written=0, blocks=())
            _overwrite_soon(where.bucket, names.directory(where) + name, b"".join(format.build(others, ())))

    return patch.object(names, "store", collide)


def _overwrite_soon(bucket: str, key: str, body: bytes | None) -> None:
    """Change an object behind the back of the observer, who would see it at once: here it is the run that has to notice."""

    def overwrite() -> None:
        objects = seams.current.buckets.objects[bucket]
        if key in objects and body is not None:
            objects[key] = objects[key]._replace(body=body)

    seams.current.world.after(seams.current.world.random.expovariate(10), overwrite)


def _block_read_twice() -> AbstractContextManager[Any]:
    fetch = reader._fetch

    def twice(where: Destination, references: list[Any], spool: Any) -> Iterator[Any]:
        for reference, parts in zip(references, fetch(where, references, spool), strict=True):
            yield parts if reference.inlined is not None else [*parts, *map(copy, parts)]

    return patch.object(reader, "_fetch", twice)


def _last_segment_dropped() -> AbstractContextManager[Any]:
    draft = writer.PackedWriter._draft

    def shortened(self: writer.PackedWriter, number: int) -> Any:
        segments = self._segments
        self._segments = segments[:1] + segments[1:-1]
        try:
            return draft(self, number)
        finally:
            self._segments = segments

    return patch.object(writer.PackedWriter, "_draft", shortened)


def _merged_as_read() -> AbstractContextManager[Any]:
    def take(self: Any, before: str | None) -> Iterator[tuple[str, Any]]:
        for word in merge._before(self._runs, before):
            yield word, Values(merge._pairs(self._runs.pop(word)))

    return patch.object(merge._AnyValues, "take", take)


def _sign_before_the_manifest() -> AbstractContextManager[Any]:
    return patch.multiple(manifest, MANIFEST=manifest.SUCCESS, SUCCESS=manifest.MANIFEST)


def _parts_that_are_not_sorted() -> AbstractContextManager[Any]:
    return patch.object(output_parts, "Sorting", _Unsorted)


class _Unsorted:
    def __init__(self, spool: object) -> None:
        self._lines: list[tuple[str, bytes]] = []

    def add(self, word: str, line: bytes) -> None:
        self._lines.append((word, line))

    def in_order(self) -> Iterator[tuple[str, bytes]]:
        return iter(self._lines)


def _ranges_cut_as_they_lie() -> AbstractContextManager[Any]:
    def boundary(self: Any, at: int) -> int:
        while self.end < at:
            self.grow()
        return at

    return patch.object(between._Window, "boundary", boundary)


SHUFFLE_MISTAKES = (
    Mistake("random uuids in emit", "sfn", _random_uuids, 400, "objects", "user_map emitted something else"),
    Mistake("random uuids in emit", "http_sync_s3", _random_uuids, 400, "objects", "user_map emitted something else"),
    Mistake("random uuids in emit", "http_only", _random_uuids, 400, "objects", "user_map emitted something else"),
    Mistake("random uuids in emit", "s3_triggers", _random_uuids, 400, "objects", "user_map emitted something else"),
    Mistake("random uuids in emit", "dynamodb_triggers", _random_uuids, 400, "objects", "user_map emitted something else"),
    Mistake("first page only", "sfn", _first_page_only, 200, "objects", "are missing"),
    Mistake("first page only", "http_sync_s3", _first_page_only, 200, "objects", "are missing"),
    Mistake("first page only", "s3_triggers", _first_page_only, 200, "objects", "are missing"),
    Mistake("partitions in the order of their text", "sfn", _partitions_in_order_of_text, budget=400),
    Mistake("put that is given up", "sfn", _put_that_is_given_up, 200, "objects", "the mappers emitted"),
    Mistake("put that is given up", "http_only", _put_that_is_given_up, 400, "objects", "the mappers emitted"),
    Mistake("put that is given up", "dynamodb_triggers", _put_that_is_given_up, 400, "objects", "the mappers emitted"),
    Mistake("values in the order of their names", "http_sync_s3", _values_in_order_of_names, shuffle="objects"),
    Mistake("ones before all other values", "s3_triggers", _ones_first, shuffle="objects"),
    *(
        Mistake("block of another attempt", name, _attempts_that_differ, 1000, "packed", "the checksum of the block")
        for name in ORCHESTRATIONS
    ),
    Mistake("index of another run", "sfn", _index_of_another_run, 400, "packed", "belongs to run 'run0'"),
    Mistake("index of another run", "s3_triggers", _index_of_another_run, 400, "packed", "belongs to run 'run0'"),
    Mistake("block read twice", "http_sync_s3", _block_read_twice, 200, "packed", "is not read as it was written"),
    Mistake("last segment dropped", "http_only", _last_segment_dropped, 200, "packed", "were written"),
    Mistake("merge out of order", "dynamodb_triggers", _merged_as_read, 1000, "packed"),
    Mistake("sign before the manifest", "sfn", _sign_before_the_manifest),
    Mistake("sign before the manifest", "s3_triggers", _sign_before_the_manifest),
    Mistake("ranges cut as they lie", "sfn", _ranges_cut_as_they_lie),
    Mistake("ranges cut as they lie", "s3_triggers", _ranges_cut_as_they_lie),
    Mistake("parts that are not sorted", "http_sync_s3", _parts_that_are_not_sorted, 400, "objects", "which must be in order"),
)
