"""JSON lines in the order of their words, in bounded memory: what is too much for it is sorted piece by piece, and merged."""

import json
from collections.abc import Iterator
from heapq import merge
from itertools import starmap
from operator import itemgetter

from runtime.mapreduce.packed.spool import Spool
from runtime.ports import ports

_LINE_BYTES = 200
"""What a line and its word take beside their text, about."""

Line = tuple[str, bytes]
"""A word, and the line that begins with it: `["word", ...]` and a line end."""


class Sorting:
    """Lines that are added one by one, and then handed out in order. What memory does not hold lies in `spool`."""

    def __init__(self, spool: Spool) -> None:
        self._spool, self._most = spool, ports().limits.sorted_bytes
        self._held: list[Line] = []
        self._size = 0
        self._pieces: list[list[tuple[int, int]]] = []

    def add(self, word: str, line: bytes) -> None:
        """Add a line. Raises OSError: the disk is full."""
        self._held.append((word, line))
        self._size += len(word) + len(line) + _LINE_BYTES
        if self._size >= self._most:
            self._held.sort(key=itemgetter(0))
            self._pieces.append(_put_away(self._held, self._spool))
            self._held, self._size = [], 0

    def in_order(self) -> Iterator[Line]:
        """All lines, sorted by their words."""
        self._held.sort(key=itemgetter(0))
        return merge(self._held, *(_lines(places, self._spool) for places in self._pieces), key=itemgetter(0))


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
