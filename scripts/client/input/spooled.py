"""The elements of an input of any size: what has no room in memory lies in a temporary file, and is read when it is asked for."""

import json
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from runtime.encoding import encode
from scripts.client.input.chunks import Element, texts_in
from scripts.client.input.lazy import Lazy

HELD_CHARACTERS = 256 << 20

_PIECE_CHARACTERS = 1000
"""What a piece takes beside its text, about."""


def spooled(contents: Iterable[dict[str, Any]], held: int = HELD_CHARACTERS) -> Sequence[Element]:
    """An element for each content, in order: a list of them, if their texts have at most `held` characters together."""
    waiting, elements, room = iter(contents), list[Element](), held
    for content in waiting:
        room -= sum(map(len, texts_in(content))) + _PIECE_CHARACTERS * len(content.get("pieces", ()))
        if room < 0:
            return _with_a_file(elements, chain([content], waiting))
        elements.append(Element.of(content))
    return elements


def _with_a_file(held: list[Element], contents: Iterable[dict[str, Any]]) -> Sequence[Element]:
    """Elements of which the first are held, and the others lie in a file that has no name and goes with its process."""
    import mmap
    import tempfile

    ends = [0]
    with tempfile.TemporaryFile() as file:
        for content in contents:
            ends.append(ends[-1] + file.write(encode(content)))
        file.flush()
        spool = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def element(i: int) -> Element:
        place = i - len(held)
        return held[i] if place < 0 else Element.of(json.loads(spool[ends[place] : ends[place + 1]]))

    return Lazy(len(held) + len(ends) - 1, element)
