"""weigh: a text with its length."""

from typing import Any


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Return text and weight."""
    return {"text": event, "weight": len(event)}
