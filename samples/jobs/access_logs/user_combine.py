"""What a mapper hands out for a word in place of one value for each line: their sum.

The reduce then adds sums up. That is right because a sum of sums is the sum; an average of averages would be no average.
"""

from collections.abc import Sequence


def user_combine(word: str, numbers: Sequence[int]) -> int:
    """Return the sum of some of a word's numbers or sums."""
    return sum(numbers)
