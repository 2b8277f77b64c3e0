"""describe: a sentence about a sum."""

from typing import Any


def lambda_handler(event: Any, context: Any) -> dict[str, str]:
    """Return the sentence."""
    return {"said": f"{event['count']} squares add up to {event['sum']}"}
