"""Several measurements of one thing, and two things as a ratio."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """What was measured, in the order of time; at least one value."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The value in the middle."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)

    @property
    def spread(self) -> float:
        """How far the values lie apart, as a share of the median: 0.1 is 10 %. 0 where the median is 0."""
        return (self.high - self.low) / self.median if self.median else 0.0

    def as_json(self) -> dict[str, object]:
        """`{"median", "low", "high", "spread", "values": [...]}`."""
        numbers = {name: round(getattr(self, name), 6) for name in ("median", "low", "high", "spread")}
        return {**numbers, "values": [round(value, 6) for value in self.values]}


def sample(values: Sequence[float]) -> Sample | None:
    """The values as a sample; None if there are none."""
    return Sample(tuple(values)) if values else None


def ratio(one: Sample | None, other: Sample | None) -> float | None:
    """How many times the other's median the one's is; None where one of them was not measured, or the other's is 0."""
    if one is None or other is None or not other.median:
        return None
    return one.median / other.median


def slope(points: Sequence[tuple[float, float]]) -> float | None:
    """The exponent with which y grows with x, over all points: 1 is linear. None for fewer than two different x above 0."""
    from math import log

    logs = [(log(x), log(y)) for x, y in points if x > 0 and y > 0]
    if len({x for x, _ in logs}) < 2:
        return None
    return statistics.linear_regression([x for x, _ in logs], [y for _, y in logs]).slope
