"""Objects to ranges, and ranges to chunks: what each mapper is to read in S3."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from runtime.mapreduce.ranged.opening import Form
from scripts.client.input.sharing import Piece, shared

_PACKED = (".gz", ".gzip", ".bz2", ".zst", ".zstd")
"""What names of compressed objects end with. The mappers look at the bytes; names only tell how to plan."""

_UNPACKED_TIMES = 4
"""How much larger compressed text is than it looks, about."""


@dataclass(frozen=True)
class Listed:
    """An object."""

    url: str
    etag: str
    size: int


def ranges(objects: Iterable[Listed], limit: int, form: Form) -> Iterator[dict[str, Any]]:
    """What each chunk gives to read: ranges that begin at multiples of `limit`; what is smaller shares a chunk."""

    def pieces() -> Iterator[tuple[Piece, int, bool]]:
        for each in objects:
            step = each.size if form.is_whole or _is_packed(each.url) else limit
            for start in range(0, each.size, step):
                end = min(each.size, start + step)
                piece = {"url": each.url, "etag": each.etag, "start": start, "end": end, "size": each.size} | _said(form)
                yield piece, text_bytes(each.url, end - start), start == 0

    return ({"pieces": some} for some in shared(pieces(), limit))


def text_bytes(url: str, size: int) -> int:
    """How much text is in so many bytes of an object, about."""
    return size * (_UNPACKED_TIMES if _is_packed(url) else 1)


def _is_packed(url: str) -> bool:
    return url.lower().endswith(_PACKED)


def _said(form: Form) -> Piece:
    """What a piece says of its text, where that is not the default."""
    plain = Form()
    return {name: value for name, value in vars(form).items() if value != getattr(plain, name)}
