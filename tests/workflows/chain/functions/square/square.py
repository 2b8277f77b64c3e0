"""square: a number times itself."""

from typing import Any


def lambda_handler(event: Any, context: Any) -> int:
    """Return the square."""
    return int(event * event)
