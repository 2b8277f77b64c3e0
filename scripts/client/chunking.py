"""Cutting text into chunks at whitespace, never inside a word.

Whitespace is what `str.split()` takes for it. The chunks' words, one after the other, are exactly the text's `split()`; the
text between a chunk's first and last word is kept as it was, so that a map function may look at lines.
"""

import re
from collections.abc import Generator, Iterable, Iterator

DEFAULT_CHUNK_BYTES = 64 * 1024

_BLANK = re.compile(r"\s")
_WORD = re.compile(r"\S")


def chunk_by_size(blocks: Iterable[str], limit: int) -> Iterator[str]:
    """Cut a text that comes in blocks into chunks of at most `limit` bytes of UTF-8.

    A word longer than that gets a chunk of its own. Blocks may end inside words. Held in memory: one chunk and one block.
    """
    waiting: list[str] = []
    for block in blocks:
        waiting.append(block)
        if _BLANK.search(block):  # otherwise still inside one word, and nothing can be cut
            rest = yield from _cut("".join(waiting), limit, final=False)
            waiting = [rest]
    yield from _cut("".join(waiting), limit, final=True)


def chunk_by_number(blocks: Iterable[str], number: int) -> list[str]:
    """Cut a text into `number` chunks of even size, each ending with the word that reaches its share; fewer if words are few."""
    text = "".join(blocks)
    total = len(text.encode())
    number = min(number, total)  # more would cut between the same words
    if text.isascii():
        return _cut_evenly(text, [total * i // number for i in range(1, number)])
    marks, position, size = [], 0, 0
    for i in range(1, number):
        # Walk to the character where the next share of bytes ends; a step is at least a quarter of the bytes still to go.
        while (missing := total * i // number - size) > 0:
            step = text[position : position + max(1, missing // 4)]
            position, size = position + len(step), size + len(step.encode())
        marks.append(position)
    return _cut_evenly(text, marks)


def _cut_evenly(text: str, marks: list[int]) -> list[str]:
    chunks, start = [], 0
    for mark in marks:
        if mark <= start:
            continue
        end = match.start() if (match := _BLANK.search(text, mark)) else len(text)
        chunks.append(text[start:end].strip())
        start = end
    chunks.append(text[start:].strip())
    return [chunk for chunk in chunks if chunk]


def _cut(text: str, limit: int, *, final: bool) -> Generator[str, None, str]:
    """Yields what can be cut for certain, and returns the rest, which is nothing in the end (`final`)."""
    start = 0
    while match := _WORD.search(text, start):
        start = match.start()
        if len(text) - start <= limit and not final:
            return text[start:]  # what comes next may still fit
        end = _end(text, start, limit)
        if end == len(text) and not final:
            return text[start:]  # a word that may go on
        yield text[start:end].rstrip()
        start = end
    return ""


def _end(text: str, start: int, limit: int) -> int:
    """Where the chunk that begins with the word at `start` ends: before whitespace, or at the end of the text."""
    window = text[start : start + limit]
    if not window.isascii():
        window = window.encode()[:limit].decode(errors="ignore")
    end = start + len(window)
    if end == len(text) or text[end].isspace() or window[-1:].isspace():
        return end
    words = window.rsplit(None, 1)
    if len(words) == 2:
        return start + len(words[0])
    match = _BLANK.search(text, end)
    return match.start() if match else len(text)
