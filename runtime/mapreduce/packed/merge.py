"""Sorted parts become one sequence of words, each with all its values, in bounded memory.

    1. Read the next frame of the part that has come least far, and add all of its words to what is collected.
    2. Once in a while, hand out the words before the one that this part has reached: no part can add to them any more.

So memory holds what one frame of each part adds to the collected words, and some frames more. Words are added frame by frame, not
one by one in order: that is several times as fast as a merge with a heap of words.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import repeat
from operator import add, itemgetter
from typing import Any

from runtime.mapreduce.packed.errors import PackedError
from runtime.mapreduce.packed.format import Block
from runtime.mapreduce.packed.frames import Runs, count_pairs, decode_frame
from runtime.mapreduce.sequence import Values
from runtime.ports import ports


class Part:
    """A sorted sequence of words, read frame by frame.

    Attributes:
        pairs: how many pairs were read.
        words: how many words were read.
    """

    def __init__(self, name: str, frames: Sequence[Callable[[], bytes]], ones: bool) -> None:
        self._name, self._frames, self._ones = name, frames, ones
        self._next = 0
        self._last = ""
        self.pairs = self.words = 0

    @property
    def has_more(self) -> bool:
        """Whether frames are left."""
        return self._next < len(self._frames)

    def read(self) -> tuple[list[str], list[Runs]]:
        """The next frame's words and values.

        Raises:
            PackedError: it can't be read, or its words come before those of the frame before it.
        """
        try:
            words, runs = decode_frame(self._frames[self._next](), self._ones)
        except ValueError as error:
            raise PackedError(self._name, f"is damaged: {error}") from None
        if self._next and words[0] < self._last:
            raise PackedError(self._name, "is damaged: its words are not in order")
        self.words += len(words) - (self._next > 0 and words[0] == self._last)
        self.pairs += count_pairs(runs)
        self._last = words[-1]
        self._next += 1
        return words, runs


def merge(parts: list[Part], ones: bool) -> Iterator[tuple[str, Values]]:
    """Each word once, in order of the words; its values in order of the parts. `ones`: whether all values are 1.

    Raises:
        PackedError: a part can't be read.
    """
    collected: _Ones | _AnyValues = _Ones() if ones else _AnyValues()
    between = max(ports().limits.frames_between, len(parts))
    # The word that each part has come to.
    reached = [("", number) for number, part in enumerate(parts) if part.has_more]
    frames = 0
    while reached:
        _, number = heappop(reached)
        words, runs = parts[number].read()
        collected.add(number, words, runs)
        if parts[number].has_more:
            heappush(reached, (words[-1], number))
        frames += 1
        if frames >= between and reached:
            frames = 0
            yield from collected.take(reached[0][0])
    yield from collected.take(None)


def check_numbers(shown: str, block: Block, parts: list[Part]) -> None:
    """Look whether the parts of a block, all of them read, hold what the block's entry says. Raises PackedError: they do not."""
    pairs, words = sum(part.pairs for part in parts), sum(part.words for part in parts)
    if any(part.has_more for part in parts) or (pairs, words) != (block.pairs, block.words):
        raise PackedError(
            shown,
            f"is not read as it was written: {pairs:,} pairs of {words:,} words in partition {block.partition}, "
            f"where its index says {block.pairs:,} and {block.words:,}",
        )


class _Ones:
    """What frames add and `take` takes out, the words before one, in order. Where all values are 1, their number says all."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, part: int, words: list[str], runs: list[Any]) -> None:
        counts = self._counts
        # No word comes twice in a frame, so each number is looked up before it is changed.
        counts.update(zip(words, map(add, map(counts.get, words, repeat(0)), runs), strict=True))

    def take(self, before: str | None) -> Iterator[tuple[str, Values]]:
        for word in _before(self._counts, before):
            yield word, Values(((1, self._counts.pop(word)),))


class _AnyValues:
    """The order of values is that of the parts, but frames are not read in that order."""

    def __init__(self) -> None:
        self._runs: dict[str, list[tuple[int, Runs]]] = {}

    def add(self, part: int, words: list[str], runs: list[Runs]) -> None:
        collected = self._runs
        for word, run in zip(words, runs, strict=True):
            if (known := collected.get(word)) is None:
                collected[word] = [(part, run)]
            else:
                known.append((part, run))

    def take(self, before: str | None) -> Iterator[tuple[str, Values]]:
        for word in _before(self._runs, before):
            runs = self._runs.pop(word)
            runs.sort(key=itemgetter(0))  # stable: a part's own frames stay in order
            yield word, Values(_pairs(runs))


def _before(collected: dict[str, Any], word: str | None) -> list[str]:
    words = sorted(collected)
    return words if word is None else words[: bisect_left(words, word)]


def _pairs(runs: list[tuple[int, Runs]]) -> Iterator[tuple[Any, int]]:
    runs.reverse()
    while runs:
        _, run = runs.pop()  # Let go of each as soon as it is taken over: there may be millions.
        if isinstance(run, int):
            yield 1, run
        else:
            yield from zip(run[::2], run[1::2], strict=True)
