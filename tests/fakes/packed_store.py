"""Stands for S3 under the layout `packed`: objects in memory, and whole runs over them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from runtime.aws import s3
from runtime.mapreduce.keys import Destination
from runtime.mapreduce.packed import LAYOUT
from runtime.mapreduce.shuffle import Combine
from runtime.ports import ports
from runtime.run import Run

Pair = tuple[str, Any]


class PackedStore:
    """Objects by key, behind the functions of `storage` that the layout calls.

    Attributes:
        objects: `{key: body}` of what is stored.
        reads: `(key, number of bytes)` of each request that read something.
        uploads: keys of what was uploaded in parts.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.objects: dict[str, bytes] = {}
        self.reads: list[tuple[str, int]] = []
        self.uploads: list[str] = []
        for name in ("put", "put_in_parts", "get_end", "get_range", "list_keys"):
            patch.setattr(ports().s3, name, getattr(self, name))

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """`s3.put`."""
        self.objects[key] = body

    def put_in_parts(self, bucket: str, key: str, size: int, chunks: Callable[[], Iterable[bytes]]) -> None:
        """`s3.put_in_parts`."""
        assert b"".join(chunks()) == b"".join(chunks())
        self.uploads.append(key)
        self.objects[key] = b"".join(chunks())

    def get_end(self, bucket: str, key: str, length: int) -> s3.Ending | None:
        """`s3.get_end`."""
        if (body := self.objects.get(key)) is None:
            return None
        self.reads.append((key, min(length, len(body))))
        return s3.Ending(body[-length:], len(body))

    def get_range(self, bucket: str, key: str, start: int, length: int) -> bytes | None:
        """`s3.get_range`."""
        assert length > 0
        if (body := self.objects.get(key)) is None:
            return None
        self.reads.append((key, len(body[start : start + length])))
        return body[start : start + length]

    def list_keys(self, bucket: str, prefix: str) -> list[str]:
        """`s3.list_keys`."""
        return sorted(key for key in self.objects if key.startswith(prefix))


def where(run_id: str | None = "run1") -> Destination:
    """Where a run's objects are."""
    return Destination("bucket", "" if run_id is None else f"{run_id}/")


def write(
    pairs: Iterable[Pair],
    index: int = 1,
    size: int = 1,
    num_reducer: int = 3,
    run_id: str | None = "run1",
    combine: Combine | None = None,
) -> None:
    """One mapper."""
    writer = LAYOUT.writer(where(run_id), num_reducer, Run(run_id, index, size), combine)
    for word, value in pairs:
        writer.add(word, value)
    writer.finish()
    writer.abandon()


def write_all(mappers: Sequence[Iterable[Pair]], num_reducer: int = 3, run_id: str | None = "run1") -> None:
    """All mappers of a run."""
    for index, pairs in enumerate(mappers, 1):
        write(pairs, index, len(mappers), num_reducer, run_id)


def partitions(mappers: int, run_id: str | None = "run1") -> list[str]:
    """partition."""
    return LAYOUT.partitions(where(run_id), Run(run_id), mappers)


def read_all(found: Iterable[str], run_id: str | None = "run1") -> dict[str, list[Any]]:
    """All reducers: each word's values."""
    values: dict[str, list[Any]] = {}
    for partition in found:
        for word, sequence in LAYOUT.read(where(run_id), partition, Run(run_id)):
            assert word not in values
            values[word] = list(sequence)
    return values


def expected(mappers: Iterable[Iterable[Pair]]) -> dict[str, list[Any]]:
    """What `read_all` must find."""
    values: dict[str, list[Any]] = {}
    for pairs in mappers:
        for word, value in pairs:
            values.setdefault(word, []).append(value)
    return values
