"""The average and the highest temperature of each station."""

from collections.abc import Sequence
from math import fsum


def user_reduce(station: str, degrees: Sequence[float]) -> dict[str, float]:
    """Return such as `{"average": 4.25, "maximum": 11.5}`; the average has two decimals."""
    return {"average": round(fsum(degrees) / len(degrees), 2), "maximum": max(degrees)}
