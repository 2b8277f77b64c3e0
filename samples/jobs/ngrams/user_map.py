"""Sequences of `n` words that follow one another in a line, without regard to case; `n` is a parameter."""

from collections.abc import Iterator

from runtime.mapreduce import param


def user_map(text: str) -> Iterator[tuple[str, int]]:
    """Yield each of them once for each time that it occurs."""
    n = param("n")
    for line in text.splitlines():
        words = line.casefold().split()
        for start in range(len(words) - n + 1):
            yield " ".join(words[start : start + n]), 1
