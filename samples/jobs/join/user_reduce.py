"""Each customer with the orders."""

from collections.abc import Sequence
from math import fsum
from typing import Any


def user_reduce(customer: str, sides: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return such as `{"name": "Anna", "orders": 2, "total": 17.5}`. The name is None where only orders name the customer."""
    names = [side["name"] for side in sides if "name" in side]
    amounts = [side["amount"] for side in sides if "amount" in side]
    return {"name": names[0] if names else None, "orders": len(amounts), "total": round(fsum(amounts), 2)}
