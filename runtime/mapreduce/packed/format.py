"""The container: blocks, an index of them, and a tail of fixed size. Built and parsed here alone; docs/packed.md specifies it.

    block block ... block   index   tail

A mapper's pairs and partition's merged index are such containers. Each byte is under a checksum that a reader of it looks at: a
block's is in the index, the index's is in the tail.
"""

import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from runtime.mapreduce.packed.compression import compress, decompress
from runtime.mapreduce.packed.errors import PackedError
from runtime.record import record, replace

PAIRS, MERGED = "pairs", "index"
"""The two kinds: a mapper's pairs, and the merged index of all mappers' blocks."""

VERSION = 1
MAGIC = b"MRpacked"

_TAIL = struct.Struct("<16sII8s")
"""Checksum of the index, length of the index, version, magic."""

TAIL_BYTES = _TAIL.size
_CHECKSUM_BYTES = 16
_MAX_NUMBER = 2**53 - 1


@record
class Block:
    """Where a partition's pairs are in a container, and what they are.

    Attributes:
        parts: for each part, that is a sorted sequence of pairs, the lengths of its frames in bytes.
        pairs: how many pairs they hold: a word that was emitted five times counts five.
        words: how many words they hold; one that is in two parts counts twice.
        ones: whether each value is 1.
        checksum: of the block's bytes.
    """

    partition: int
    offset: int
    parts: tuple[tuple[int, ...], ...]
    pairs: int
    words: int
    ones: bool
    checksum: str = ""

    @cached_property
    def length(self) -> int:
        """In bytes."""
        return sum(map(sum, self.parts))

    def as_json(self) -> dict[str, Any]:
        """`{"partition": 0, "offset": 0, "parts": [[57]], "pairs": 3, "words": 2, "ones": true, "sha256": "..."}`."""
        return dict(zip(_BLOCK, (getattr(self, name) for name in self.__match_args__), strict=True))

    @classmethod
    def from_json(cls, value: Any) -> "Block":
        """The other way round. Raises ValueError: a field is missing or impossible."""
        if _has(value, _BLOCK) and all(isinstance(part, list) for part in value["parts"]):
            lengths = [length for part in value["parts"] for length in part]
            numbers = (value["partition"], value["offset"], value["pairs"], value["words"], *lengths)
            if lengths and all(lengths) and all(map(_is_number, numbers)):
                fields = value | {"parts": tuple(map(tuple, value["parts"]))}
                return cls(*(fields[name] for name in _BLOCK))
        raise ValueError(f"holds an entry that describes no block: {value!r:.200}")


_BLOCK = {"partition": int, "offset": int, "parts": list, "pairs": int, "words": int, "ones": bool, "sha256": str}
"""A block's fields as JSON has them, in the order of the attributes."""


@record
class Contents:
    """A container's index.

    Attributes:
        kind: `PAIRS` or `MERGED`.
        run: the run's id; None outside a run.
        mapper: whose pairs they are, from 1; 0 in a merged index.
        mappers: how many mappers the run has.
        num_reducer: how many partitions there can be.
        emitted: how many pairs the map emitted.
        written: how many the mapper counted when it wrote them: fewer, if a combiner joined some.
        combined: whether there was a combiner.
        blocks: in order of their partitions, one behind the other.
    """

    kind: str
    run: str | None
    mapper: int
    mappers: int
    num_reducer: int
    emitted: int
    written: int
    combined: bool
    blocks: tuple[Block, ...] = ()

    @property
    def held(self) -> int:
        """How many pairs the blocks hold."""
        return sum(block.pairs for block in self.blocks)


_CONTENTS = {
    "kind": str,
    "run": str | None,
    "mapper": int,
    "mappers": int,
    "numReducer": int,
    "emitted": int,
    "written": int,
    "combined": bool,
    "blocks": list,
}
"""An index's fields as JSON has them, in the order of the attributes."""

Draft = tuple[Block, Callable[[], Iterable[bytes]]]
"""A block that is to be written, whose offset and checksum `build` finds, and what gives its bytes, whenever it is called."""


def build(contents: Contents, drafts: Iterable[Draft]) -> Iterator[bytes]:
    """The bytes of a container, piece by piece. `contents` without blocks; `drafts` in order of their partitions."""
    blocks: list[Block] = []
    offset = 0
    for block, chunks in drafts:
        digest = hashlib.sha256()
        for chunk in chunks():
            digest.update(chunk)
            yield chunk
        blocks.append(replace(block, offset=offset, checksum=digest.hexdigest()[: 2 * _CHECKSUM_BYTES]))
        offset += block.length
    fields = zip(_CONTENTS, (getattr(contents, name) for name in Contents.__match_args__), strict=True)
    document = dict(fields) | {"blocks": [block.as_json() for block in blocks]}
    index = compress(json.dumps(document, separators=(",", ":")).encode())
    yield index
    yield _TAIL.pack(hashlib.sha256(index).digest()[:_CHECKSUM_BYTES], len(index), VERSION, MAGIC)


def bytes_from_end(name: str, end: bytes, size: int) -> int:
    """How many bytes at the end of a container its index and tail take. `end` is what it ends with, `size` its whole length.

    Raises:
        PackedError: it is no container, or one of another version.
    """
    if len(end) < TAIL_BYTES:
        raise PackedError(name, f"is cut off or no packed object at all: it has {size:,} bytes, fewer than a tail's {TAIL_BYTES}")
    _, length, version, magic = _TAIL.unpack(end[-TAIL_BYTES:])
    if magic != MAGIC:
        raise PackedError(name, f"is cut off or no packed object at all: it ends with {magic!r} in place of {MAGIC!r}")
    if version != VERSION:
        raise PackedError(name, f"is of version {version} of the format; this program reads version {VERSION}")
    if length > size - TAIL_BYTES:
        raise PackedError(name, f"is cut off: its index has {length:,} bytes, but the whole object has {size:,}")
    return int(length) + TAIL_BYTES


def parse(name: str, end: bytes, size: int) -> Contents:
    """A container's index, from what it ends with: at least `bytes_from_end` bytes.

    Raises:
        PackedError: the index is damaged, or does not fit the object.
    """
    needed = bytes_from_end(name, end, size)
    if len(end) < needed:
        raise PackedError(name, f"is cut off: {len(end):,} of the last {needed:,} bytes are there")
    index = end[-needed:-TAIL_BYTES]
    if hashlib.sha256(index).digest()[:_CHECKSUM_BYTES] != _TAIL.unpack(end[-TAIL_BYTES:])[0]:
        raise PackedError(name, "is damaged: the checksum of its index is wrong")
    try:
        contents = _contents(json.loads(decompress(index)))
    except (ValueError, RecursionError) as error:
        raise PackedError(name, f"has an index that can't be read: {error}") from None
    _check_blocks(name, contents, size - needed)
    return contents


def check_block(name: str, block: Block, data: bytes) -> None:
    """Look whether these are the bytes of a block. Raises PackedError: they are fewer, or others."""
    if len(data) != block.length:
        raise PackedError(name, f"is cut off: the block at byte {block.offset:,} has {len(data):,} of {block.length:,} bytes")
    check_digest(name, block, hashlib.sha256(data).hexdigest())


def check_digest(name: str, block: Block, digest: str) -> None:
    """Look whether this is the SHA-256 of a block, in hexadecimal. Raises PackedError: it is not."""
    if digest[: 2 * _CHECKSUM_BYTES] != block.checksum:
        raise PackedError(name, f"is damaged: the checksum of the block at byte {block.offset:,} is wrong")


def _contents(document: Any) -> Contents:
    if _has(document, _CONTENTS) and all(_is_number(value) for name, value in document.items() if _CONTENTS.get(name) is int):
        fields = document | {"blocks": tuple(map(Block.from_json, document["blocks"]))}
        return Contents(*(fields[name] for name in _CONTENTS))
    raise ValueError(f"a field is missing or of the wrong kind: {document!r:.200}")


def _has(value: Any, fields: dict[str, Any]) -> bool:
    """Whether a value is an object with these fields, each of its type."""
    return isinstance(value, dict) and all(name in value and isinstance(value[name], kind) for name, kind in fields.items())


def _check_blocks(name: str, contents: Contents, space: int) -> None:
    """Blocks lie one behind the other, without gaps, in order of their partitions; and the numbers agree."""
    offset, last = 0, -1
    for block in contents.blocks:
        if block.offset != offset or not last < block.partition < contents.num_reducer:
            raise PackedError(name, f"has blocks that do not follow one another: {block.as_json()!r:.200}")
        offset, last = offset + block.length, block.partition
    if offset != space:
        raise PackedError(name, f"has blocks of {offset:,} bytes, but {space:,} bytes before its index")
    if contents.held != contents.written:
        raise PackedError(name, f"holds {contents.held:,} pairs, but {contents.written:,} were written")
    if not contents.combined and contents.written != contents.emitted:
        raise PackedError(name, f"holds {contents.written:,} pairs, but {contents.emitted:,} were emitted")


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _MAX_NUMBER
