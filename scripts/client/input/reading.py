"""INPUT to elements: tells JSON from text, and cuts text into chunks."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Generic, TypeVar

from scripts.client.errors import InputError
from scripts.client.input.chunking import chunk_by_number, chunk_by_size, torn_lines
from scripts.client.input.chunks import Element, parse_json
from scripts.client.input.folder import Folder
from scripts.client.input.sizing import OBJECTS_CHUNK_BYTES, utf8_bytes
from scripts.client.input.spooled import spooled
from scripts.client.input.text import decode, joined, read_blocks

T = TypeVar("T")

STDIN = "-"

_AHEAD_BYTES = 64 << 20
"""That are read before the size of a chunk is chosen: what is larger gets the largest chunks anyway."""

Choose = Callable[[int | None], int]
"""The largest chunk, in bytes, of a text of so many bytes; None: more than were read ahead."""


@dataclass(frozen=True)
class Input(Generic[T]):
    """What was read: one element for each branch, or for the first function, and what the user should be told about it.

    `chunk_bytes` is the size of the largest chunk where it was chosen here; None where options or the input say it.
    """

    elements: Sequence[T]
    notices: list[str] = field(default_factory=list)
    chunk_bytes: int | None = None


def read_input(
    name: str,
    form: str = "auto",
    chunk_bytes: int | None = None,
    chunks: int | None = None,
    choose: Choose = lambda text_bytes: OBJECTS_CHUNK_BYTES,
) -> Input[Element]:
    """Read all of INPUT, once.

    JSON is a file named `*.json`, and whatever begins with `{` or `[` on standard input, in a pipe or in a file whose name has no
    suffix; all else is text. An array's elements are the chunks, unless a size or a number of chunks is asked for.

    Args:
        name: a file, a folder of text files, or `-`.
        form: "json" or "text" where the rule above is wrong, else "auto".
        chunk_bytes: largest chunk, in bytes of UTF-8.
        chunks: about how many chunks, in place of `chunk_bytes`.
        choose: the largest chunk where neither is given. Called once the input's beginning is read and found good.

    Raises:
        InputError: it can't be read, or has the wrong shape.
    """

    def cut(texts: Iterable[str]) -> Input[Element]:
        chosen = None
        pieces: Iterable[str]
        if chunks:
            pieces = chunk_by_number(texts, chunks)
        else:
            if chunk_bytes is None:
                text_bytes, texts = _measured(texts)
                chosen = choose(text_bytes)
            pieces = chunk_by_size(texts, chunk_bytes or chosen or OBJECTS_CHUNK_BYTES)
        elements = spooled(pieces)
        return Input(elements, _told(_torn_lines(elements)), chosen)

    path = None if name == STDIN else Path(name)
    if path is not None and os.path.isdir(path):
        if form == "json":
            raise InputError(f"{name} is a folder; --format json needs a file")
        folder = Folder(path)
        read = cut(joined(folder.texts()))
        return replace(read, notices=folder.notices + read.notices)
    shown = "standard input" if path is None else name
    notices: list[str] = []
    blocks = read_blocks(path, lambda: notices.append(f"{shown} changed while it was read"))
    guessed = form == "auto"
    if guessed:
        form, blocks = _tell(path, blocks)
    texts = decode(shown, blocks)
    if form == "text":
        read = cut(texts)
        return replace(read, notices=notices + read.notices)
    document = "".join(texts)
    try:
        elements, ignored = parse_json(shown, document)
    except InputError as error:
        if not guessed:
            raise
        raise InputError(f"{error}; to count it as text: --format text") from None
    notices += ignored
    if not (chunk_bytes or chunks):
        return Input(elements, notices)
    again = _cut_again(elements, cut)
    return Input(again.elements, notices + again.notices)


def _measured(texts: Iterable[str]) -> tuple[int | None, Iterable[str]]:
    """The size of a text in bytes, None if it is larger than what is read ahead; and the text, of which nothing is lost."""
    blocks, seen, total = iter(texts), deque[str](), 0
    for block in blocks:
        seen.append(block)
        total += utf8_bytes(block)
        if total > _AHEAD_BYTES:
            return None, chain(_given_up(seen), blocks)
    return total, _given_up(seen)


def _given_up(blocks: deque[str]) -> Iterator[str]:
    """The blocks, none of which is held once the next is asked for."""
    while blocks:
        yield blocks.popleft()


def _torn_lines(elements: Sequence[Element]) -> list[int]:
    """As `torn_lines`. Lines are counted only if one is torn, for that takes as long as to cut the text."""
    if all(element.text.endswith(("\n", "\r")) for element in islice(elements, max(len(elements) - 1, 0))):
        return []
    return torn_lines(element.text for element in elements)


def _told(torn: list[int]) -> list[str]:
    if not torn:
        return []
    lines = f"line {torn[0]} is" if len(torn) == 1 else f"{len(torn)} lines, the first of them line {torn[0]}, are"
    return [f"{lines} longer than a chunk and cut at whitespace: a map that looks at lines sees the parts"]


def _tell(path: Path | None, blocks: Iterator[bytes]) -> tuple[str, Iterator[bytes]]:
    if path is not None and path.suffix.lower() == ".json":
        return "json", blocks
    if path is not None and path.suffix and os.path.isfile(path):
        return "text", blocks
    seen = []
    for block in blocks:
        seen.append(block)
        if start := block.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]:
            return ("json" if start in b"[{" else "text"), chain(seen, blocks)
    return "text", iter(seen)


def _cut_again(elements: list[Element], cut: Callable[[Iterable[str]], Input[Element]]) -> Input[Element]:
    """Other chunks of the same lines. What each element says about destination and reducers must be the same for that."""
    said = {(element.destination, element.num_reducer) for element in elements}
    if len(said) > 1:
        raise InputError(
            "the input's elements differ in destination or numReducer, so they can't be cut into other chunks;"
            " leave out --chunk-bytes and --chunks, or make them agree"
        )
    destination, num_reducer = said.pop() if said else (None, None)
    again = cut(joined([element.text] for element in elements))
    return Input([Element(piece.text, destination, num_reducer) for piece in again.elements], again.notices)
