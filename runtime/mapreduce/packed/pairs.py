"""The pairs of one thread, or of several, in memory: counts of ones, and runs of other values."""

from itertools import repeat
from math import copysign
from operator import add
from sys import getsizeof
from typing import Any

from runtime.mapreduce.packed.frames import Runs

_NEW_WORD_BYTES = 120
"""What a word takes in a dict beside the string itself, on the average of growing dicts."""

_NEW_RUN_BYTES = 24
_LIST_BYTES = 100
_NUMBER_BYTES = 32


class Pairs:
    """Not for several threads at once.

    Attributes:
        counts: how often each word was emitted that came with the value 1 alone. Who finds a word here may count it up.
        size: about how many bytes all of it takes.
    """

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.size = 0
        self._runs: dict[str, list[Any]] = {}

    def add(self, word: str, value: Any, times: int = 1) -> None:
        """Add a word with a value, so many times in a row."""
        runs = self._runs.get(word)
        if runs is None and type(value) is int and value == 1:
            if (known := self.counts.get(word)) is not None:
                self.counts[word] = known + times
            else:
                self.counts[word] = times
                self.size += getsizeof(word) + _NEW_WORD_BYTES
            return
        if runs is None:
            ones = self.counts.pop(word, 0)
            runs = self._runs[word] = [1, ones] if ones else []
            self.size += _LIST_BYTES if ones else getsizeof(word) + _NEW_WORD_BYTES + _LIST_BYTES
        if runs and _is_same(runs[-2], value):
            runs[-1] += times
        else:
            runs += (value, times)
            self.size += _NEW_RUN_BYTES + _size_of(value)

    def add_counts(self, counts: dict[str, int]) -> None:
        """Add words with the value 1, each so many times."""
        known, before = self.counts, len(self.counts)
        if with_other_values := self._runs.keys() & counts.keys():
            for word in with_other_values:
                self.add(word, 1, counts[word])
            counts = {word: times for word, times in counts.items() if word not in with_other_values}
        known.update(zip(counts, map(add, map(known.get, counts, repeat(0)), counts.values()), strict=True))
        if new := len(known) - before:
            self.size += new * (_NEW_WORD_BYTES + sum(map(getsizeof, counts)) // len(counts))

    def take(self) -> dict[str, Runs]:
        """All words with their values, and none are left. A word in `counts` is found there no more."""
        taken: dict[str, Runs] = {**self.counts, **self._runs}
        self.counts.clear()
        self._runs = {}
        self.size = 0
        return taken

    def add_all_of(self, others: "Pairs") -> None:
        """Add another's, behind what is there."""
        for word, runs in others.take().items():
            if isinstance(runs, int):
                self.add(word, 1, runs)
            else:
                for value, times in zip(runs[::2], runs[1::2], strict=True):
                    self.add(word, value, times)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are one run. Lists and dicts are not compared: it takes long, and they are rarely the same."""
    kind = type(one)
    if kind is not type(other) or kind is list or kind is dict or one != other:
        return False
    return kind is not float or one != 0.0 or copysign(1, one) == copysign(1, other)


def _size_of(value: Any) -> int:
    if type(value) is float or type(value) is int:
        return _NUMBER_BYTES
    if isinstance(value, dict):
        return getsizeof(value) + sum(map(_size_of, value.values())) + sum(map(getsizeof, value))
    if isinstance(value, list):
        return getsizeof(value) + sum(map(_size_of, value))
    return getsizeof(value)
