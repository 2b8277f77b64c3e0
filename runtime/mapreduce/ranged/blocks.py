"""A stream of bytes as blocks that end at cuts: what one call of `user_map` gets."""

from collections.abc import Iterable, Iterator
from itertools import chain

from runtime.mapreduce.ranged.cuts import Cutter

BLOCK_BYTES = 2 << 20
"""Of one block, unless a record or a word is longer."""

MAX_RECORD_BYTES = 64 << 20
"""What is longer and has no place for a cut is refused: it would have to be held as a whole."""


def blocks(
    stream: Iterable[bytes], cuts: Cutter, offset: int = 0, limit: int = BLOCK_BYTES, longest: int = MAX_RECORD_BYTES
) -> Iterator[tuple[int, bytes]]:
    """Blocks of at most `limit` bytes, each with the offset of its first byte; those of the stream begin at `offset`.

    Held in memory: a block, and what the stream gives at once.

    Raises:
        ValueError: there is no place for a cut within `longest` bytes; says where.
    """
    waiting = bytearray()
    for part in chain(stream, [None]):
        final = part is None
        waiting += part or b""
        start = 0
        while len(waiting) - start > limit and (cut := _cut(waiting, start, cuts, limit, final=final)):
            yield offset, bytes(waiting[start : start + cut])
            start, offset = start + cut, offset + cut
        del waiting[:start]
        if len(waiting) > longest and not final:
            raise ValueError(f"what begins at byte {offset:,} goes on for more than {longest:,} bytes, with no place to cut it")
    if waiting:
        yield offset, bytes(waiting)


def _cut(waiting: bytearray, start: int, cuts: Cutter, limit: int, *, final: bool) -> int | None:
    """Where the block that begins at `start` ends, counted from there; None if that is not known yet."""
    window = waiting[start : start + 2 * limit]  # mostly enough, and not much to copy
    if cut := cuts.last(window, limit):
        return cut
    if cut := cuts.first(window, limit, final=False):
        return cut
    return cuts.first(waiting[start:], limit, final=final)
