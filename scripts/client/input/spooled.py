"""The elements of an input of any size: what has no room in memory lies in a temporary file, and is read when it is asked for."""

import json
import os
import weakref
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, overload

from runtime.encoding import encode
from scripts.client.input.chunks import Element, texts_in

HELD_CHARACTERS = 256 << 20

_PIECE_CHARACTERS = 1000
"""What a piece takes beside its text, about."""


def spooled(contents: Iterable[dict[str, Any]], held: int = HELD_CHARACTERS) -> Sequence[Element]:
    """An element for each content, in order: a list of them, if their texts have at most `held` characters together."""
    waiting, elements, room = iter(contents), list[Element](), held
    for content in waiting:
        room -= sum(map(len, texts_in(content))) + _PIECE_CHARACTERS * len(content.get("pieces", ()))
        if room < 0:
            return _Spooled(elements, chain([content], waiting))
        elements.append(Element.of(content))
    return elements


class _Spooled(Sequence[Element]):
    """Elements of which the first are held, and the others lie in a file that has no name and goes with its process."""

    def __init__(self, held: list[Element], contents: Iterable[dict[str, Any]]) -> None:
        import tempfile

        self._held, self._file = held, tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the elements are)
        weakref.finalize(self, self._file.close)
        self._ends = [0]
        for content in contents:
            body = encode(content)
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
        return self._held[i] if i < len(self._held) else Element.of(self._read(i - len(self._held)))

    def _read(self, place: int) -> dict[str, Any]:
        """Any thread may: the file's own position is not used."""
        start, end = self._ends[place], self._ends[place + 1]
        parts = []
        while start < end:
            part = os.pread(self._file.fileno(), end - start, start)
            parts.append(part)
            start += len(part)
        content: dict[str, Any] = json.loads(b"".join(parts))
        return content
