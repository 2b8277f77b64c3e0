"""A reducer's side of the layout: its blocks are found in the merged index, read many at once, checked, and merged."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import accumulate, chain, islice, pairwise

from runtime.concurrency import CONCURRENCY, in_order
from runtime.mapreduce.keys import Destination, partition_number
from runtime.mapreduce.packed import names
from runtime.mapreduce.packed.errors import PackedError
from runtime.mapreduce.packed.format import MERGED, Block, check_digest
from runtime.mapreduce.packed.merge import Part, check_numbers, merge
from runtime.mapreduce.packed.merged import Reference, parse_references, read_index
from runtime.mapreduce.packed.spool import Spool
from runtime.mapreduce.sequence import Values
from runtime.ports import ports
from runtime.record import record
from runtime.run import Run

_UNDER_WAY_BYTES = 32 * 2**20
"""Of all requests that are made at once."""


def read(where: Destination, partition: str, run: Run) -> Iterator[tuple[str, Values]]:
    """Each word of a partition once, in order of the words, with its values in order of the mappers.

    Raises:
        PackedError: something is missing, damaged, or not of this run.
        StorageError: a request finally failed.
    """
    references = _find(where, partition, run)
    with Spool() as spool:
        parts = list(_fetch(where, references, spool))
        yield from merge([part for parts_of_one in parts for part in parts_of_one], all(each.block.ones for each in references))
    for reference, parts_of_one in zip(references, parts, strict=True):
        check_numbers(names.shown(where, reference.name), reference.block, parts_of_one)


def _find(where: Destination, partition: str, run: Run) -> list[Reference]:
    """The blocks of a partition, in order of the mappers: one request, or two."""
    shown = names.shown(where, names.MERGED)
    index = read_index(where, names.MERGED)
    contents = index.contents
    if contents.kind != MERGED:
        raise PackedError(shown, f"is no merged index, but of the kind {contents.kind!r:.200}")
    if contents.run != run.run_id:
        raise PackedError(shown, f"belongs to run {contents.run!r:.200}, not to {run.run_id!r}")
    number = partition_number(partition)
    for block in contents.blocks:
        if block.partition == number:
            data = index.block(block)
            if data is None:
                key = names.directory(where) + names.MERGED
                data = ports().s3.get_range(where.bucket, key, block.offset, block.length) or b""
            return parse_references(shown, contents, block, data)
    raise PackedError(shown, f"has no block for partition {partition!r}")


def _fetch(where: Destination, references: list[Reference], spool: Spool) -> Iterator[list[Part]]:
    """The parts of each block, when all of its bytes are there and found to be right."""
    wanted = [piece for each in references if each.inlined is None for piece in _slices(each)]
    at_once = min(CONCURRENCY, _UNDER_WAY_BYTES // max((piece.length for piece in wanted), default=1))
    with closing(in_order(partial(_get, where), wanted, max(1, at_once))) as fetched:
        for each in references:
            shown = names.shown(where, each.name)
            digest, frames = hashlib.sha256(), []
            for piece in _slices(each):
                data = next(fetched) if each.inlined is None else each.inlined[piece.start :][: piece.length]
                if len(data) != piece.length:
                    raise PackedError(shown, f"is cut off: of {piece.length:,} bytes at {piece.start:,}, {len(data):,} are there")
                digest.update(data)
                for start, end in pairwise((0, *accumulate(piece.frames))):
                    frames.append(partial(spool.read, spool.append(data[start:end]), end - start))
            check_digest(shown, each.block, digest.hexdigest())
            remaining = iter(frames)
            yield [Part(shown, list(islice(remaining, len(lengths))), each.block.ones) for lengths in each.block.parts]


@record
class _Slice:
    """Some frames of a block that are read with one request. `start` is counted from the block's own beginning."""

    name: str
    block: Block
    start: int
    frames: tuple[int, ...]

    @property
    def length(self) -> int:
        """In bytes."""
        return sum(self.frames)


def _slices(reference: Reference) -> Iterator[_Slice]:
    start = 0
    frames: list[int] = []
    for length in chain.from_iterable(reference.block.parts):
        if frames and sum(frames) + length > ports().limits.slice_bytes:
            yield _Slice(reference.name, reference.block, start, tuple(frames))
            start, frames = start + sum(frames), []
        frames.append(length)
    yield _Slice(reference.name, reference.block, start, tuple(frames))


def _get(where: Destination, piece: _Slice) -> bytes:
    key = names.directory(where) + piece.name
    data = ports().s3.get_range(where.bucket, key, piece.block.offset + piece.start, piece.length)
    if data is None:
        raise PackedError(names.shown(where, piece.name), "is missing")
    return data
