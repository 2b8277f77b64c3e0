"""How many chunks and reducers a run gets where neither options nor input say: what fits its layout and the size of its text.

objects   chunks of 64 KiB: a mapper puts one object for each word, and many mappers put them side by side.
packed    chunks of megabytes, for each of them is one object, and each holds the frequent words anew: two from 1 MiB on, up to 8
          of 4 MiB and more, then as many as are needed so that no mapper holds more text than its memory bears. A reducer for
          each 16 MiB of text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from scripts.client.deployment import Deployment
from scripts.client.input.layout import PACKED

OBJECTS_CHUNK_BYTES = 64 * 1024

MIB = 1 << 20
_CHUNKS_AT_ONCE = 8
"""A new account runs 10 functions at once, and some of them wait for the others."""

_CHUNK_BYTES = 4 * MIB
_LARGEST_CHUNK_BYTES = 8 * MIB
_TEXT_FOR_A_REDUCER_BYTES = 16 * MIB
_TEXT_FOR_ONE_REDUCER_BYTES = 4 * MIB
_MOST_REDUCERS = 64

_MOST_RANGES = 256
"""So many mappers, with their reducers, have room in each orchestration."""

_MEMORY_PER_TEXT = 20
"""Bytes that a mapper holds for each byte of text, at most: English needs 15 where `user_map` makes a list of all words."""

_IDLE_MEMORY_MB = 112
"""What a mapper's process takes before it has any text."""

_DEFAULT_MEMORY_MB = 512


@dataclass(frozen=True)
class Sizing:
    """What fits a layout, given a mapper's memory."""

    layout: str
    mapper_memory_mb: int = _DEFAULT_MEMORY_MB

    @classmethod
    def of(cls, layout: str, deployment: Deployment) -> "Sizing":
        """What fits the layout on this deployment."""
        return cls(layout, deployment.memory_mb.get(deployment.workflow.first.name, _DEFAULT_MEMORY_MB))

    def chunk_bytes(self, text_bytes: int | None) -> int:
        """The largest chunk of a text of so many bytes; None stands for more than anybody has counted."""
        if self.layout != PACKED:
            return OBJECTS_CHUNK_BYTES
        most = min(_LARGEST_CHUNK_BYTES, (self.mapper_memory_mb - _IDLE_MEMORY_MB) * MIB // _MEMORY_PER_TEXT)
        most = max(most, OBJECTS_CHUNK_BYTES)
        if text_bytes is None:
            return most
        least = 2 if text_bytes > MIB else 1
        number = max(least, min(_CHUNKS_AT_ONCE, ceil(text_bytes / _CHUNK_BYTES)), ceil(text_bytes / most))
        # A chunk ends with a line, before it is full: with some room in each, the last one needn't take what the others left.
        return min(most, text_bytes * 65 // (64 * number) + 4096)

    def range_bytes(self, total_bytes: int) -> int:
        """As `chunk_bytes`, for ranges, which no mapper holds as a whole."""
        return max(self.chunk_bytes(total_bytes), ceil(total_bytes / _MOST_RANGES))

    def reducers(self, chunk_bytes: Iterable[int]) -> int | None:
        """The number of reducers of a run of chunks of so many bytes; None for the mission's default."""
        if self.layout != PACKED:
            return None
        text_bytes = sum(chunk_bytes)
        if text_bytes <= _TEXT_FOR_ONE_REDUCER_BYTES:
            return 1
        return min(_MOST_REDUCERS, 1 + ceil(text_bytes / _TEXT_FOR_A_REDUCER_BYTES))


def utf8_bytes(text: str) -> int:
    """Bytes of a text in UTF-8, without a copy of it where it is ASCII."""
    return len(text) if text.isascii() else len(text.encode())


def bytes_shown(number: int) -> str:
    """`812 bytes`, `64 KiB` or `2.5 MiB`."""
    if number < 1024:
        return f"{number} bytes"
    unit, size = ("MiB", MIB) if number >= MIB else ("KiB", 1024)
    shown = number / size
    return (f"{shown:.0f}" if shown >= 100 else f"{shown:.1f}".removesuffix(".0")) + f" {unit}"
