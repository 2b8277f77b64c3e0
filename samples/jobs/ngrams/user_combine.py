"""How often a mapper has seen each sequence, in place of a 1 for each time."""

from collections.abc import Sequence


def user_combine(sequence: str, numbers: Sequence[int]) -> int:
    """Return the sum of some of a sequence's numbers."""
    return sum(numbers)
