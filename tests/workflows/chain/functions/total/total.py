"""total: the sum of an array of numbers, and how many there are."""

from typing import Any


def lambda_handler(event: Any, context: Any) -> dict[str, int]:
    """Return count and sum."""
    return {"count": len(event), "sum": sum(event)}
