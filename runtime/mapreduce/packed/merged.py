"""partition's side of the layout: the indexes of all mappers' objects become one, in which each reducer finds its blocks.

A merged index is a container like a mapper's, see `format`. A partition's block holds one frame of references, and then the bytes
of the blocks that are inlined: those of objects so small that reading the index meant reading all of it.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from runtime.concurrency import in_order
from runtime.mapreduce.keys import Destination, partition_directory
from runtime.mapreduce.packed import names
from runtime.mapreduce.packed.compression import compress, decompress
from runtime.mapreduce.packed.errors import PackedError
from runtime.mapreduce.packed.format import MERGED, PAIRS, Block, Contents, Draft, build, bytes_from_end, check_block, parse
from runtime.ports import ports
from runtime.record import record
from runtime.run import Run


@record
class Reference:
    """Where a block of a partition is.

    Attributes:
        name: of the mapper's object, such as `"3"`.
        block: in that object.
        inlined: the block's bytes, if they are in the index.
    """

    name: str
    block: Block
    inlined: bytes | None


@record
class Ending:
    """The index of an object, and all of its bytes that were read for it."""

    contents: Contents
    body: bytes
    size: int

    def block(self, block: Block) -> bytes | None:
        """A block's bytes, if they are among those that were read."""
        start = block.offset - (self.size - len(self.body))
        return self.body[start : start + block.length] if start >= 0 else None


def read_index(where: Destination, name: str) -> Ending:
    """The index of an object: one request, or two if it is long.

    Raises:
        PackedError: there is no such object, or it is damaged.
        StorageError: a request finally failed.
    """
    shown, key = names.shown(where, name), names.directory(where) + name
    end = ports().s3.get_end(where.bucket, key, ports().limits.end_bytes)
    if end is None:
        raise PackedError(shown, "is missing")
    body = end.body
    if (needed := bytes_from_end(shown, body, end.size)) > len(body):
        body = ports().s3.get_range(where.bucket, key, end.size - needed, needed) or b""
    return Ending(parse(shown, body, end.size), body, end.size)


def merge_indexes(where: Destination, run: Run, mappers: int) -> list[str]:
    """Write the merged index, and return the partitions that hold something, in the order of their numbers.

    Raises:
        PackedError: an object is missing, damaged, or not of this run.
        StorageError: a request finally failed.
    """
    found = [str(number + 1) for number in range(mappers)] if run.run_id is not None else _listed(where)
    references: defaultdict[int, list[Reference]] = defaultdict(list)
    room, emitted, written, combined, num_reducer = ports().limits.inlined_bytes, 0, 0, False, 0
    for name, ending in zip(found, in_order(partial(read_index, where), found), strict=True):
        contents = ending.contents
        num_reducer = num_reducer or contents.num_reducer
        _check(names.shown(where, name), contents, run, name, mappers, num_reducer)
        emitted, written = emitted + contents.emitted, written + contents.written
        combined = combined or contents.combined
        is_inlined = len(ending.body) == ending.size <= room
        room -= ending.size * is_inlined
        for block in contents.blocks:
            data = ending.block(block) if is_inlined else None
            if data is not None:
                check_block(names.shown(where, name), block, data)
            references[block.partition].append(Reference(name, block, data))
    numbers = sorted(references)
    if numbers:
        _store(where, run, Contents(MERGED, run.run_id, 0, len(found), num_reducer, emitted, written, combined), references)
    return [partition_directory(number) for number in numbers]


def parse_references(shown: str, contents: Contents, block: Block, data: bytes) -> list[Reference]:
    """What a partition's block in a merged index holds. `shown` is the index, for messages.

    Raises:
        PackedError: it is damaged, or its numbers do not agree.
    """
    check_block(shown, block, data)
    try:
        (length,), inlined = block.parts
        references = list(_references(json.loads(decompress(data[:length])), data[length:], list(inlined)))
    except (ValueError, RecursionError) as error:
        raise PackedError(shown, f"has a block for partition {block.partition} that can't be read: {error}") from None
    found = [reference.block for reference in references]
    if len({reference.name for reference in references}) != len(references) or len(references) > contents.mappers:
        raise PackedError(shown, f"names an object twice for partition {block.partition}")
    if any(each.partition != block.partition for each in found):
        raise PackedError(shown, f"names a block of another partition for partition {block.partition}")
    if (block.pairs, block.words) != (sum(each.pairs for each in found), sum(each.words for each in found)):
        raise PackedError(shown, f"has numbers for partition {block.partition} that are not the sums of its blocks'")
    return references


def _references(entries: Any, data: bytes, lengths: list[int]) -> Iterator[Reference]:
    if not isinstance(entries, list):
        raise ValueError("it has no list of references")
    for entry in entries:
        match entry:
            case {"object": str(name), "inlined": bool(is_inlined)}:
                block = Block.from_json(entry)
            case _:
                raise ValueError(f"{entry!r:.200} is no reference")
        inlined = None
        if is_inlined:
            length = lengths.pop(0) if lengths else -1
            inlined, data = data[:length], data[length:]
            if length != block.length:
                raise ValueError(f"the inlined block of {name!r:.200} has another length than its reference says")
        yield Reference(name, block, inlined)
    if lengths:
        raise ValueError("it holds more inlined blocks than references to them")


def _check(shown: str, contents: Contents, run: Run, name: str, mappers: int, num_reducer: int) -> None:
    if contents.kind != PAIRS:
        raise PackedError(shown, f"holds no mapper's pairs, but is of the kind {contents.kind!r:.200}")
    if contents.run != run.run_id:
        raise PackedError(shown, f"belongs to run {contents.run!r:.200}, not to {run.run_id!r}")
    if run.run_id is not None and (str(contents.mapper), contents.mappers) != (name, mappers):
        raise PackedError(shown, f"is of mapper {contents.mapper} of {contents.mappers}, not of mapper {name} of {mappers}")
    if contents.num_reducer != num_reducer:
        raise PackedError(shown, f"has {contents.num_reducer} partitions, but those before it have {num_reducer}")


def _listed(where: Destination) -> list[str]:
    directory = names.directory(where)
    listed = (key.removeprefix(directory) for key in ports().s3.list_keys(where.bucket, directory))
    return sorted(name for name in listed if name != names.MERGED)


def _store(where: Destination, run: Run, contents: Contents, references: dict[int, list[Reference]]) -> None:
    drafts = [_draft(number, references[number]) for number in sorted(references)]
    size = sum(block.length for block, _ in drafts)
    names.store(where, names.MERGED, run, size, partial(build, contents, drafts))


def _draft(number: int, references: Sequence[Reference]) -> Draft:
    entries = [{"object": each.name, "inlined": each.inlined is not None, **each.block.as_json()} for each in references]
    frame = compress(json.dumps(entries, separators=(",", ":")).encode())
    inlined = [each.inlined for each in references if each.inlined is not None]
    found = [each.block for each in references]
    pairs, words = sum(block.pairs for block in found), sum(block.words for block in found)
    parts = ((len(frame),), tuple(map(len, inlined)))
    return Block(number, 0, parts, pairs, words, all(block.ones for block in found)), lambda: iter((frame, *inlined))
