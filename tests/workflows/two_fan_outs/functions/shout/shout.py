"""shout: a text in capitals."""

from typing import Any


def lambda_handler(event: Any, context: Any) -> str:
    """Return it."""
    return f"{event.upper()}!"
