"""Which words of a result are shown and written, and in what order.

    --filter REGEX   leaves only words in which it is found: in the table, in --json and in an --output file
    --sort ORDER     orders all three: key, by the word; value, the greatest first, equal ones by the word, what is no number last
    --top N          rows of the table; with --sort also how much of --json and of the file is left

Without --sort the table is by value, and --json and file, which hold all words, by the word.
"""

import argparse
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from heapq import nlargest, nsmallest
from typing import Any, Literal

TABLE_ROWS = 20

Order = Literal["key", "value"]
ORDERS = ("key", "value")


@dataclass(frozen=True)
class Choice:
    """What the options say of it; see above."""

    sort: Order | None = None
    top: int | None = None
    filter: re.Pattern[str] | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Choice":
        """That of a command line."""
        return cls(options.sort, options.top, options.filter)

    @property
    def rows(self) -> int:
        """Most rows of the table."""
        return TABLE_ROWS if self.top is None else self.top

    def matching(self, counts: Mapping[str, Any]) -> Collection[str]:
        """The words that --filter leaves."""
        found = self.filter
        return counts.keys() if found is None else [word for word in counts if found.search(word)]

    def for_table(self, counts: Mapping[str, Any], words: Collection[str]) -> list[str]:
        """The words of the table, in its order; `words` are those that match."""
        return _ordered(counts, words, self.sort or "value", self.rows)

    def for_file(self, counts: Mapping[str, Any], words: Collection[str]) -> list[str]:
        """The words of --json and of an --output file, in their order."""
        return _ordered(counts, words, self.sort or "key", self.top if self.sort else None)


ALL = Choice()


def is_number(value: Any) -> bool:
    """Whether a value counts as one."""
    # To Python, True and False are numbers.
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ordered(counts: Mapping[str, Any], words: Collection[str], order: Order, most: int | None) -> list[str]:
    """The first `most` of the words, or all of them. No pair is made for each word: there may be millions."""
    if order == "key":
        return sorted(words) if most is None else nsmallest(most, words)
    are_numbers = set(map(type, map(counts.__getitem__, words))) <= {int, float}
    if most is not None and are_numbers:
        return _greatest(counts, words, most)
    value_of = counts.__getitem__ if are_numbers else lambda word: _as_number(counts[word])
    ordered = sorted(words)
    ordered.sort(key=value_of, reverse=True)  # which leaves those of one value in their order
    return ordered if most is None else ordered[:most]


def _greatest(counts: Mapping[str, Any], words: Collection[str], most: int) -> list[str]:
    """Those with the greatest numbers, without sorting all there is."""
    largest = nlargest(most, map(counts.__getitem__, words))
    if not largest:
        return []
    least = largest[-1]
    above = [word for word in words if counts[word] > least]
    ties = nsmallest(most - len(above), (word for word in words if counts[word] == least))
    return sorted(above, key=lambda word: (-counts[word], word)) + ties


def _as_number(value: Any) -> float:
    return value if is_number(value) else float("-inf")
