"""choose: of weighed texts, those that are longer than three letters."""

from typing import Any


def lambda_handler(event: Any, context: Any) -> list[str]:
    """Return the texts, in the order in which they came."""
    return [each["text"] for each in event if each["weight"] > 3]
