"""Cutting text into chunks at line ends, and never inside a word.

The chunks, one after the other, are exactly the text. A cut lies after a line end (newline, carriage return, or both together).
Only within a line that is longer than a chunk it lies elsewhere: after another line end that `str.splitlines` knows, such as
a form feed, or else beside whitespace. It never lies right before a line end, which would make one more line.
"""

import re
from collections.abc import Generator, Iterable, Iterator

LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What ends a line for `str.splitlines`."""

_BLANK = re.compile(r"\s")
_LINE_END = re.compile(r"[\n\r]")


def chunk_by_size(blocks: Iterable[str], limit: int) -> Iterator[str]:
    """Cut a text that comes in blocks into chunks of at most `limit` bytes of UTF-8.

    A word longer than that is a chunk of its own, with the line end that follows it. Blocks may end inside words. Held in memory:
    one chunk and one block.
    """
    waiting: list[str] = []
    for block in blocks:
        waiting.append(block)
        if _BLANK.search(block):  # otherwise still inside one word, and nothing can be cut
            rest = yield from _cut("".join(waiting), limit, final=False)
            waiting = [rest]
    yield from _cut("".join(waiting), limit, final=True)


def chunk_by_number(blocks: Iterable[str], number: int) -> list[str]:
    """Cut a text into `number` chunks of even size, each ending with the line that reaches its share; fewer if lines are few.

    A line longer than a share ends with the word that reaches it.
    """
    text = "".join(blocks)
    total = len(text.encode())
    number = min(number, total)  # more would cut between the same words
    if not number:
        return []
    chunks, start = [], 0
    for mark in _marks(text, total, number):
        end = _end_at(text, mark, total // number) if mark > start else start
        if end > start:
            chunks.append(text[start:end])
            start = end
    return [*chunks, text[start:]] if start < len(text) else chunks


def torn_lines(chunks: Iterable[str]) -> list[int]:
    """The numbers, from 1, of the lines of which a chunk holds only a part: these were longer than a chunk."""
    line = 1
    torn: list[int] = []
    ended = True
    for chunk in chunks:
        if not ended and torn[-1:] != [line]:
            torn.append(line)
        line += chunk.count("\n") + chunk.count("\r") - chunk.count("\r\n")
        ended = chunk.endswith(("\n", "\r"))
    return torn


def _marks(text: str, total: int, number: int) -> list[int]:
    """At which characters each share but the last of the text's bytes ends."""
    if text.isascii():
        return [total * i // number for i in range(1, number)]
    marks, position, size = [], 0, 0
    for i in range(1, number):
        # Walk to the character where the next share of bytes ends; a step is at least a quarter of the bytes still to go.
        while (missing := total * i // number - size) > 0:
            step = text[position : position + max(1, missing // 4)]
            position, size = position + len(step), size + len(step.encode())
        marks.append(position)
    return marks


def _end_at(text: str, mark: int, share: int) -> int:
    """Where the chunk ends whose share ends at `mark`: at a line end, unless the line there is longer than a share."""
    begin = _after_line_end(text, max(0, mark - share), mark) or max(0, mark - share)
    if mark in (begin, len(text)):
        return mark
    if match := _LINE_END.search(text, mark, begin + share):
        return match.end() + (text[match.start() : match.end() + 1] == "\r\n")
    return _first_end(text, mark) or len(text)


def _cut(text: str, limit: int, *, final: bool) -> Generator[str, None, str]:
    """Yields what can be cut for certain, and returns the rest, which is nothing in the end (`final`)."""
    start = 0
    while len(text) - start > limit or final:
        window = text[start : start + limit]
        if not window.isascii():
            window = window.encode()[:limit].decode(errors="ignore")
        end = start + max(1, len(window))
        if end >= len(text):
            break
        cut = _last_end(text, start, end) or _first_end(text, end)
        if cut is None:
            break  # a word, or a line end, that may go on
        yield text[start:cut]
        start = cut
    if not final:
        return text[start:]  # what comes next may still fit
    if start < len(text):
        yield text[start:]
    return ""


def _last_end(text: str, start: int, end: int) -> int | None:
    """The best place for a cut after `start`, and at `end` at the latest, which lies inside the text: None if there is none."""
    if cut := _after_line_end(text, start, end):
        return cut
    if cut := max(text.rfind(sign, start, end) for sign in LINE_ENDS[2:]) + 1:
        return cut
    return next((at for at in range(end, start, -1) if _parts_words(text, at)), None)


def _after_line_end(text: str, start: int, end: int) -> int:
    """The place after the last newline between start and end, else after the last carriage return that ends a line; or 0."""
    if cut := text.rfind("\n", start, end) + 1:
        return cut
    cut = text.rfind("\r", start, end) + 1
    return text.rfind("\r", start, cut - 1) + 1 if cut and text[cut : cut + 1] == "\n" else cut


def _parts_words(text: str, at: int) -> bool:
    return (text[at - 1].isspace() or text[at].isspace()) and text[at] not in LINE_ENDS


def _first_end(text: str, end: int) -> int | None:
    """The first place for a cut from `end` on, for where the better ones are too far away; None if there is none."""
    within = text[end - 1 : end + 1] == "\r\n"
    if _parts_words(text, end) or (text[end - 1] in LINE_ENDS and not within):
        return end
    match = _BLANK.search(text, end)
    if match is None:
        return None
    cut = match.start() + (match[0] in LINE_ENDS) + (text.startswith("\r\n", match.start()))
    return cut if cut < len(text) else None
