"""JSON lines in the order of their words, in bounded memory: what is too much for it is sorted piece by piece, and merged."""

import json
from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import starmap
from operator import itemgetter

from runtime.mapreduce.packed.spool import Spool
from runtime.ports import ports

_LINE_BYTES = 200
"""What a line and its word take beside their text, about."""

Line = tuple[str, bytes]
"""A word, and the line that begins with it: `["word", ...]` and a line end."""


def in_order(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, sorted by their words. Raises OSError: the disk is full."""
    with Spool(memory_bytes=0) as spool:
        held: list[Line] = []
        size, most = 0, ports().limits.sorted_bytes
        sorted_pieces: list[list[tuple[int, int]]] = []
        for word, line in lines:
            held.append((word, line))
            size += len(word) + len(line) + _LINE_BYTES
            if size >= most:
                held.sort(key=itemgetter(0))
                sorted_pieces.append(_put_away(held, spool))
                held, size = [], 0
        held.sort(key=itemgetter(0))
        yield from merge(held, *(_lines(places, spool) for places in sorted_pieces), key=itemgetter(0))


def _put_away(lines: list[Line], spool: Spool) -> list[tuple[int, int]]:
    """Write lines in blocks; their places."""
    places: list[tuple[int, int]] = []
    block, most = bytearray(), ports().limits.put_away_bytes
    for number, (_, line) in enumerate(lines, 1):
        block += line
        if len(block) >= most or number == len(lines):
            places.append((spool.append(bytes(block)), len(block)))
            block.clear()
    return places


def _lines(places: list[tuple[int, int]], spool: Spool) -> Iterator[Line]:
    for block in starmap(spool.read, places):
        for line in block.splitlines(keepends=True):  # of bytes: at newlines and carriage returns alone, and JSON escapes both
            yield json.loads(line)[0], line
