"""The elements of a text of any size: what has no room in memory lies in a temporary file, and is read when it is asked for."""

import os
import weakref
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import overload

from scripts.client.input.chunks import Element

HELD_CHARACTERS = 256 << 20


def spooled(texts: Iterable[str], held: int = HELD_CHARACTERS) -> Sequence[Element]:
    """An element for each text, in order: a list of them, if the texts have at most `held` characters together."""
    waiting, elements, room = iter(texts), list[Element](), held
    for text in waiting:
        room -= len(text)
        if room < 0:
            return _Spooled(elements, chain([text], waiting))
        elements.append(Element(text))
    return elements


class _Spooled(Sequence[Element]):
    """Elements of which the first are held, and the others lie in a file that has no name and goes with its process."""

    def __init__(self, held: list[Element], texts: Iterable[str]) -> None:
        import tempfile

        self._held, self._file = held, tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the elements are)
        weakref.finalize(self, self._file.close)
        self._ends = [0]
        for text in texts:
            body = text.encode()
            self._file.write(body)
            self._ends.append(self._ends[-1] + len(body))
        self._file.flush()

    def __len__(self) -> int:
        return len(self._held) + len(self._ends) - 1

    @overload
    def __getitem__(self, index: int) -> Element: ...
    @overload
    def __getitem__(self, index: slice) -> list[Element]: ...
    def __getitem__(self, index: int | slice) -> Element | list[Element]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = range(len(self))[index]
        return self._held[i] if i < len(self._held) else Element(self._read(i - len(self._held)))

    def _read(self, place: int) -> str:
        """Any thread may: the file's own position is not used."""
        start, end = self._ends[place], self._ends[place + 1]
        parts = []
        while start < end:
            part = os.pread(self._file.fileno(), end - start, start)
            parts.append(part)
            start += len(part)
        return b"".join(parts).decode()
