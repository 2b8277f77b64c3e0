"""From files to elements: texts are cut, and pieces of small files share a chunk."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby, pairwise
from operator import itemgetter
from typing import Any

from scripts.client.input.chunking import chunk_by_number, torn_lines
from scripts.client.input.chunks import Element
from scripts.client.input.content import Content
from scripts.client.input.sharing import Piece, shared, together
from scripts.client.input.sizing import utf8_bytes

AHEAD_BYTES = 64 << 20
"""That are read before the size of a chunk is chosen: what is larger gets the largest chunks anyway."""

Flow = Iterable[tuple[Content, str]]
"""Blocks of text, each with the file that it is of."""


def flow_of(contents: Iterable[Content]) -> Flow:
    """The blocks of all files; a file is opened when the one before it is read."""
    return ((content, block) for content in contents for block in content.blocks if block)


def measured(flow: Flow) -> tuple[int | None, Flow]:
    """The size of the text in bytes, None if it is larger than what is read ahead; and the text, of which nothing is lost."""
    blocks, seen, total = iter(flow), deque[tuple[Content, str]](), 0
    for content, block in blocks:
        seen.append((content, block))
        total += utf8_bytes(block)
        if total > AHEAD_BYTES:
            return None, chain(_given_up(seen), blocks)
    return total, _given_up(seen)


def cut_by_size(flow: Flow, limit: int) -> Iterator[dict[str, Any]]:
    """What chunks of at most `limit` bytes give to read. The first piece of a file may share a chunk with what is before it."""

    def pieces() -> Iterator[tuple[Piece, int, bool]]:
        for content, blocks in groupby(flow, key=itemgetter(0)):
            for number, piece in enumerate(content.cut((block for _, block in blocks), limit)):
                yield piece, utf8_bytes(piece["text"]), number == 0

    return map(together, shared(pieces(), limit))


def cut_by_number(flow: Flow, number: int) -> Iterator[dict[str, Any]]:
    """What about so many chunks of even size give to read. All of the text is held in memory."""
    held = list(flow)
    contents = list(dict.fromkeys(content for content, _ in held))
    if len(contents) == 1 and contents[0].form.format == "text":
        return iter(contents[0].placed(chunk_by_number((block for _, block in held), number)))
    total = sum(utf8_bytes(block) for _, block in held)
    return cut_by_size(held, max(1, -(-total // number)))


def torn_in(elements: Sequence[Element]) -> list[str]:
    """A notice of the lines of which a chunk holds only a part. Lines are counted only if one is torn, which takes long."""
    if not any(
        not piece["text"].endswith(("\n", "\r")) and piece.get("name") == after.get("name") and "format" not in piece
        for piece, after in pairwise(_texts(elements))
    ):
        return []
    torn = [
        (name, line)
        for name, pieces in groupby(_texts(elements), key=lambda piece: piece.get("name", ""))
        for line in torn_lines(piece["text"] for piece in pieces if "format" not in piece)
    ]
    names = {piece.get("name") for piece in _texts(elements)}
    name, line = torn[0]
    of = f" of {name}" if len(names) > 1 else ""
    lines = f"line {line}{of} is" if len(torn) == 1 else f"{len(torn)} lines, the first of them line {line}{of}, are"
    return [f"{lines} longer than a chunk and cut at whitespace: a map that looks at lines sees the parts"]


def _texts(elements: Iterable[Element]) -> Iterator[Piece]:
    return (piece for element in elements for piece in element.content.get("pieces", [element.content]) if "text" in piece)


def _given_up(blocks: deque[tuple[Content, str]]) -> Iterator[tuple[Content, str]]:
    """The blocks, none of which is held once the next is asked for."""
    while blocks:
        yield blocks.popleft()
