"""Which pieces share a chunk: small files, and the ends of larger ones with the beginning of the next."""

from collections.abc import Iterable, Iterator
from typing import Any

Piece = dict[str, Any]
"""What a mapper is given to read: a text, see `content`, or a range of an object, see `ranges`."""


def shared(pieces: Iterable[tuple[Piece, int, bool]], limit: int) -> Iterator[list[Piece]]:
    """The pieces of each chunk of at most `limit` bytes, unless one piece alone is larger.

    Each piece comes with its size in bytes, and with whether it may share a chunk with those before it.
    """
    waiting: list[Piece] = []
    room = limit
    for piece, size, joins in pieces:
        if waiting and not (joins and size <= room):
            yield waiting
            waiting, room = [], limit
        waiting.append(piece)
        room -= size
    if waiting:
        yield waiting


def together(pieces: list[Piece]) -> dict[str, Any]:
    """Texts as what one mapper is given to read."""
    return pieces[0] if len(pieces) == 1 else {"pieces": pieces}
