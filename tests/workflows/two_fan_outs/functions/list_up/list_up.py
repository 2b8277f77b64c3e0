"""list_up: what was shouted, in order."""

from typing import Any


def lambda_handler(event: Any, context: Any) -> dict[str, list[str]]:
    """Return the list."""
    return {"shouted": list(event)}
