"""Pieces of bytes that are written once and read in any order: in memory while they are few, and in a temporary file beyond."""

from types import TracebackType
from typing import IO

from runtime.ports import ports


class Spool:
    """Not for several threads at once.

    Args:
        memory_bytes: as many are held in memory; None for `spooled_bytes` of the limits.
    """

    def __init__(self, memory_bytes: int | None = None) -> None:
        self._memory_bytes = ports().limits.spooled_bytes if memory_bytes is None else memory_bytes
        self._pieces: dict[int, bytes] = {}
        self._size = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def append(self, piece: bytes) -> int:
        """Keep a piece, and return its place."""
        place = self._size
        self._size += len(piece)
        if self._size <= self._memory_bytes:
            self._pieces[place] = piece
        else:
            file = self._opened()
            file.seek(place)
            file.write(piece)
        return place

    def read(self, place: int, length: int) -> bytes:
        """The piece at a place."""
        piece = self._pieces.get(place)
        if piece is None:
            file = self._opened()
            file.seek(place)
            piece = file.read(length)
        return piece

    def close(self) -> None:
        """Forget all pieces."""
        self._pieces.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            # Most functions keep nothing in files, and each import is a part of a cold start.
            import tempfile

            self._file = tempfile.TemporaryFile(prefix="packed-")  # noqa: SIM115 closed in `close`
        return self._file
