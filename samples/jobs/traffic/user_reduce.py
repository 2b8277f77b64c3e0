"""The bytes that each address was sent in all."""

from collections.abc import Sequence


def user_reduce(address: str, sizes: Sequence[int]) -> int:
    """Return their sum."""
    return sum(sizes)
