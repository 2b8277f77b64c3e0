"""Objects of a run's input, in memory, behind the true S3 port."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import obstore
from obstore.store import MemoryStore

from runtime.aws.s3 import S3
from runtime.clock import Clock
from runtime.mapreduce.pieces import texts_of
from runtime.mapreduce.source import Source
from runtime.ports import Ports, using

BUCKET = "input-bucket"


class _Noting:
    """`obstore`, which notes the ranges that are read."""

    def __init__(self, reads: list[tuple[int, int]]) -> None:
        self._reads = reads

    def get(self, store: Any, path: str, *, options: Any) -> Any:
        self._reads.append(options["range"])
        return obstore.get(store, path, options=options)

    def __getattr__(self, name: str) -> Any:
        return getattr(obstore, name)


class InputObjects:
    """A bucket with input.

    Attributes:
        reads: which bytes of an object were asked for, from the first to before the last, one after the other.
    """

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.reads: list[tuple[int, int]] = []

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Let the runtime find the objects in the body of the `with`."""
        with using(Ports(s3=S3(Clock(), library=_Noting(self.reads), open=lambda *_: self.store))):
            yield

    def put(self, key: str, body: bytes) -> None:
        """Store an object."""
        obstore.put(self.store, key, body)

    def piece(self, key: str, start: int = 0, end: int | None = None, **more: Any) -> dict[str, Any]:
        """A range of an object as a mapper's event has it; the whole object without one."""
        found = obstore.head(self.store, key)
        size = found["size"]
        url = f"s3://{BUCKET}/{key}"
        return {"url": url, "etag": found["e_tag"], "start": start, "end": size if end is None else end, "size": size} | more

    def pieces(self, key: str, marks: Iterable[int], **more: Any) -> list[dict[str, Any]]:
        """Ranges that cut an object at these bytes."""
        size = obstore.head(self.store, key)["size"]
        edges = sorted({0, size, *(mark for mark in marks if mark < size)})
        return [self.piece(key, a, b, **more) for a, b in pairwise(edges)]

    def read(self, *pieces: dict[str, Any]) -> list[tuple[str, Source]]:
        """What a mapper gets of pieces."""
        with self.in_force():
            return list(texts_of({"pieces": list(pieces)}))
