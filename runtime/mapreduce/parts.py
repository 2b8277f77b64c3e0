"""A run's result as an output in S3: each reducer writes its words as a part of their own, see `manifest` for the whole.

    {prefix}part-00003.jsonl    of the partition reducer3/: a line for each word, ["word", value], in order of the words

The order is that of code points, which is the order of UTF-8 bytes, too. Lines are collected in a file, so that memory holds some
blocks of them only, and then written with one request, or with an upload in parts that one request completes. So a part is there
whole or not at all. A reducer that runs again writes the same bytes under the same name.
"""

import errno
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from json.encoder import encode_basestring as _quoted
from typing import Any, TypeVar

from runtime.mapreduce.keys import Destination, partition_number
from runtime.mapreduce.packed.names import store_chunks
from runtime.mapreduce.packed.spool import Spool
from runtime.mapreduce.sorting import Sorting
from runtime.mapreduce.values import Json, shown
from runtime.ports import ports
from runtime.run import current_run

_Values = TypeVar("_Values")

_encode = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


def part_name(number: int) -> str:
    """The name of a partition's part: `part-00003.jsonl`."""
    return f"part-{number:05d}.jsonl"


def write_part(
    output: str,
    partition: str | None,
    words: Iterable[tuple[str, _Values]],
    reduce: Callable[[str, _Values], Json],
    *,
    are_sorted: bool,
) -> dict[str, Any]:
    """Write a partition's part, and return the record of it that the manifest will have::

        {"part": "s3://bucket/prefix/part-00003.jsonl", "words": 2, "bytes": 18, "sha256": "9f86..."}

    Args:
        output: `s3://bucket/prefix/`.
        partition: such as `"reducer3/"`; None where a run has none, and its result is one empty part.
        words: each word once, with its values.
        reduce: makes a word's value of them. It is called here and in no generator, since a generator makes another error of a
            StopIteration.
        are_sorted: whether the words come in order.

    Raises:
        ValueError: the output's name is malformed, or a word comes twice.
        OSError: the function's own disk is full.
        StorageError: a request finally failed.
        Exception: whatever `reduce` raises.
    """
    where = Destination.parse(output, None)
    name = part_name(partition_number(partition or "") or 0)
    with Spool() as spool, Spool(memory_bytes=0) as unsorted:
        part, sorting = _Part(spool), Sorting(unsorted)
        add = part.add if are_sorted else sorting.add
        try:
            for word, values in words:
                add(word, _line(word, reduce(word, values)))
            for word, line in sorting.in_order():
                part.add(word, line)
            part.end()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise OSError(
                error.errno, f"the result of {partition} does not fit the function's disk; use more reducers"
            ) from error
        store_chunks(where.bucket, where.prefix + name, current_run(), part.size, part.blocks)
    url = f"s3://{where.bucket}/{where.prefix}{name}"
    return {"part": url, "words": part.words, "bytes": part.size, "sha256": part.digest.hexdigest()}


def _line(word: str, value: Json) -> bytes:
    text = str(value) if type(value) is int else _encode(value)
    return f"[{_quoted(word)},{text}]\n".encode()


class _Part:
    """The lines of a part, in blocks."""

    def __init__(self, spool: Spool) -> None:
        self.words = self.size = 0
        self.digest = hashlib.sha256()
        self._spool, self._places = spool, list[tuple[int, int]]()
        self._block, self._last, self._most_bytes = bytearray(), "", ports().limits.part_block_bytes

    def add(self, word: str, line: bytes) -> None:
        """Add a word's line. Raises ValueError: its word does not come after the one before."""
        if self.words and word <= self._last:
            raise ValueError(
                f"{shown(word)} comes after {shown(self._last)} among the words of a partition, which must be in order"
            )
        self._last = word
        self.words += 1
        self._block += line
        if len(self._block) >= self._most_bytes:
            self.end()

    def end(self) -> None:
        """Put away what the last block holds."""
        if self._block:
            block = bytes(self._block)
            self.digest.update(block)
            self.size += len(block)
            self._places.append((self._spool.append(block), len(block)))
            self._block.clear()

    def blocks(self) -> Iterator[bytes]:
        """All lines."""
        return (self._spool.read(*place) for place in self._places)
