"""split: the numbers from 1 to `upto`: `{"upto": 3}` gives `[1, 2, 3]`."""

from typing import Any


def lambda_handler(event: Any, context: Any) -> list[int]:
    """Return the numbers."""
    return list(range(1, event["upto"] + 1))
