"""The files in which each word occurs."""

from collections.abc import Sequence


def user_reduce(word: str, names: Sequence[str]) -> list[str]:
    """Return the names in their order, each once, although a file may have been read in several pieces."""
    return sorted(set(names))
