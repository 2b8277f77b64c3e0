"""Compressed bytes to plain ones, as a stream: gzip (also of several members), bzip2 (streams) and zstd (frames).

Which of them it is, the first bytes say, whatever its name is. Memory: what is read at once, and as much unpacked.
"""

import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

MAGIC_BYTES = 10
"""That `packing` wants to see."""

_UNPACKED_BYTES = 1 << 20
"""That are unpacked at once."""

_MAGIC = {
    "gzip": re.compile(rb"\x1f\x8b"),
    "bzip2": re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"),
}
"""By kind: how a part of it begins. Zstd has frames to be skipped, too: https://www.rfc-editor.org/rfc/rfc8878#section-3.1.2"""


class DamagedError(ValueError):
    """Compressed data that can't be unpacked, or ends too early."""


def packing(head: bytes) -> str | None:
    """`gzip`, `bzip2` or `zstd`, by the first bytes of a file; None if it is none of them."""
    return next((kind for kind, magic in _MAGIC.items() if magic.match(head)), None)


def unpacked(kind: str, stream: Iterable[bytes]) -> Iterator[bytes]:
    """The plain bytes of a stream of that kind, in parts of at most 1 MiB.

    Raises:
        DamagedError: the data are damaged or cut off; says how.
    """
    parts = filter(None, stream)
    data = _next_part(kind, b"", parts)
    while data:
        if packing(data) != kind:
            raise DamagedError(f"what follows its {kind} data is none")
        unpacker = _NEW[kind]()
        while not unpacker.eof:
            if unpacker.needs_input and not data and not (data := next(parts, b"")):
                raise DamagedError(f"its {kind} data end too early: the file is cut off")
            try:
                plain = unpacker.decompress(data, _UNPACKED_BYTES)
            except Exception as error:  # each kind has one of its own
                raise DamagedError(f"its {kind} data are damaged: {error}") from error
            data = b""
            if plain:
                yield plain
        data = _next_part(kind, unpacker.unused_data, parts)


def _next_part(kind: str, data: bytes, parts: Iterator[bytes]) -> bytes:
    """Enough of what comes next to tell what it is. The zeros that may follow gzip are left out."""
    while len(data := data.lstrip(b"\0") if kind == "gzip" else data) < MAGIC_BYTES and (more := next(parts, b"")):
        data += more
    return data


class _Gzip:
    """Unpacks a member of gzip with the methods that Python's other modules have for a stream or a frame."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._waiting, self.needs_input = b"", True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        plain = self._zlib.decompress(self._waiting + data, max_length)
        self._waiting = self._zlib.unconsumed_tail
        self.needs_input = not self._waiting and len(plain) < max_length
        return plain


def _bzip2() -> Any:
    import bz2

    return bz2.BZ2Decompressor()


def _zstd() -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd.ZstdDecompressor()


_NEW: dict[str, Callable[[], Any]] = {"gzip": _Gzip, "bzip2": _bzip2, "zstd": _zstd}
