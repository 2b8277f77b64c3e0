"""The line that was found at each place."""

from collections.abc import Sequence


def user_reduce(place: str, lines: Sequence[str]) -> str:
    """Return the line. There is one, since a place is in one piece of the input alone."""
    return lines[0]
