"""Cutting text into chunks at line ends, and never inside a word, at the places that a mapper that reads a range takes, too.

The chunks, one after the other, are exactly the text. A cut lies after a line end (newline, carriage return, or both together).
Only within a line that is longer than a chunk it lies after other whitespace; see `runtime.mapreduce.ranged.cuts`.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from runtime.mapreduce.ranged.blocks import blocks as in_blocks
from runtime.mapreduce.ranged.cuts import WIDEST, Cuts, Cutter

_BLANK = re.compile(r"\s")

TEXT: Cutter = Cuts(line_bytes=0)
"""The cuts of plain text, where a long line ends with the word that fills a chunk."""


def chunk_by_size(blocks: Iterable[str], limit: int, cuts: Cutter = TEXT, offset: int = 0) -> Iterator[str]:
    """Cut a text that comes in blocks into chunks of at most `limit` bytes of UTF-8.

    A longer word is a chunk of its own, with the whitespace that follows it. Blocks may end inside words. Held in memory: one
    chunk and one block. The text begins at the byte `offset`, by which errors tell of a place.

    Raises:
        ValueError: a record is too long to be held; says where.
    """
    if cuts is TEXT:
        blocks = _ending_words(blocks)
    return (body.decode() for _, body in in_blocks((block.encode() for block in blocks), cuts, offset, limit))


def chunk_by_number(blocks: Iterable[str], number: int) -> list[str]:
    """Cut a text into `number` chunks of even size, each ending with the line that reaches its share; fewer if lines are few.

    A line longer than a share ends with the word that reaches it.
    """
    text = "".join(blocks).encode()
    number = min(number, len(text))  # more would cut between the same words
    marks = [len(text) * i // number for i in range(1, number)]
    ends = dict.fromkeys([0, *(_end_at(text, mark, len(text) // number) for mark in marks), len(text)])
    return [text[start:end].decode() for start, end in pairwise(ends)]


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


def _ending_words(blocks: Iterable[str]) -> Iterator[str]:
    """The blocks, joined until a word ends in them: nothing can be cut before, and a long word is looked through once only."""
    waiting: list[str] = []
    for block in blocks:
        waiting.append(block)
        if _BLANK.search(block):
            yield "".join(waiting)
            waiting = []
    yield "".join(waiting)


def _end_at(text: bytes, mark: int, share: int) -> int:
    """Where the chunk ends whose share ends at `mark`."""
    # The line that holds the mark ends before this, unless it is longer than a share.
    cuts, begin = Cuts(line_bytes=share - 1), max(0, mark - WIDEST)
    # Mostly a share is enough to look at: the text may be large, and have no line ends at all.
    near = cuts.first(text[begin : mark + share + WIDEST], mark - begin, final=False)
    return begin + near if near else cuts.first(text, mark, final=True) or len(text)
