"""Medians, spread, ratios and growth."""

import pytest

from scripts.bench.statistic import Sample, ratio, sample, slope


def test_sample_tells_median_ends_and_spread() -> None:
    measured = Sample((3.0, 1.0, 2.0))

    assert (measured.median, measured.low, measured.high, measured.spread) == (2.0, 1.0, 3.0, 1.0)
    assert measured.as_json() == {"median": 2.0, "low": 1.0, "high": 3.0, "spread": 1.0, "values": [3.0, 1.0, 2.0]}


def test_spread_of_nothing_is_nothing() -> None:
    assert Sample((0.0, 0.0)).spread == 0.0


def test_no_values_are_no_sample() -> None:
    assert sample([]) is None
    assert sample([1.0]) == Sample((1.0,))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Sample((3.0,)), Sample((2.0,)), 1.5),
        (Sample((1.0, 5.0, 3.0)), Sample((1.5, 100.0, 0.1)), 2.0),
        (None, Sample((2.0,)), None),
        (Sample((3.0,)), None, None),
        (Sample((3.0,)), Sample((0.0,)), None),
    ],
)
def test_ratio_is_that_of_the_medians_where_both_were_measured(one: Sample, other: Sample, expected: float) -> None:
    assert ratio(one, other) == expected


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_slope_is_the_exponent_of_growth(power: float) -> None:
    assert slope([(x, 3 * x**power) for x in (1.0, 5.0, 20.0)]) == pytest.approx(power)


@pytest.mark.parametrize("points", [[], [(1.0, 2.0)], [(1.0, 2.0), (1.0, 3.0)], [(0.0, 1.0), (2.0, 1.0)]])
def test_one_size_alone_has_no_slope(points: list[tuple[float, float]]) -> None:
    assert slope(points) is None
