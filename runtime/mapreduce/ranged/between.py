"""The bytes of a range, from its first boundary to that of the range that follows, see `cuts`."""

from collections.abc import Callable, Iterator

from runtime.mapreduce.ranged.blocks import MAX_RECORD_BYTES
from runtime.mapreduce.ranged.cuts import WIDEST, Cuts
from runtime.ports import ports

Read = Callable[[int, int], bytes]
"""Reads at a place of the text so many bytes, or fewer, but at least one."""


def between(read: Read, cuts: Cuts, start: int, end: int, size: int) -> tuple[int, Iterator[bytes]]:
    """Where the bytes of the range from `start` to `end` begin in a text of so many bytes, and these bytes in parts.

    Held in memory: what is read at once, or the record that lies across a boundary.

    Raises:
        ValueError: such a record is longer than MAX_RECORD_BYTES.
    """
    window = _Window(read, cuts, max(0, start - WIDEST), size, min(size, end + ports().limits.beyond_bytes))
    begin = window.boundary(start)

    def parts() -> Iterator[bytes]:
        at = begin
        while window.end < end:
            yield window.part(at, window.end)
            at = window.end
            window.forget(at)
            window.grow()
        yield window.part(at, window.boundary(end))

    return begin, filter(None, parts())


class _Window:
    """A part of the text that is held, from byte `_base` on; it grows at its end."""

    def __init__(self, read: Read, cuts: Cuts, base: int, size: int, likely_end: int) -> None:
        self._read, self._cuts, self._base, self._size, self._likely_end = read, cuts, base, size, likely_end
        self._held = bytearray()

    @property
    def end(self) -> int:
        return self._base + len(self._held)

    def grow(self) -> None:
        at_once = ports().limits.range_bytes
        wanted = self._likely_end - self.end if self.end < self._likely_end else at_once
        self._held += self._read(self.end, min(wanted, at_once, self._size - self.end))

    def forget(self, until: int) -> None:
        base = max(self._base, until - WIDEST)
        del self._held[: base - self._base]
        self._base = base

    def part(self, start: int, end: int) -> bytes:
        return bytes(self._held[start - self._base : end - self._base])

    def boundary(self, at: int) -> int:
        if at in (0, self._size):
            return at
        while True:
            if self.end >= at:
                found = self._cuts.first(self._held, at - self._base, final=self.end == self._size)
                if found is not None:
                    return self._base + found
                if self.end - at > MAX_RECORD_BYTES:
                    raise ValueError(f"after byte {at:,} there is no place to cut it for {MAX_RECORD_BYTES:,} bytes")
            self.grow()
