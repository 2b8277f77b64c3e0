"""The pace of a mapper's puts: begins with its share, yields to refusals, once for each round trip, and comes back."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.mapreduce.objects.pace import S3_PUTS_PER_SECOND, Pace

ROUND_TRIP = 0.045


class Clock:
    """A mapper that puts whenever it may, with nobody else in the world."""

    def __init__(self, size: int, chance: float = 0.5) -> None:
        self.now = 1000.0
        self.pace = Pace(size, self.now, chance)

    def put(self, seconds: float) -> list[float]:
        """When puts took their turns, in the next seconds."""
        turns, end = [], self.now + seconds
        while self.now < end:
            wait = self.pace.turn(self.now)
            if wait:
                self.now += wait
            else:
                turns.append(self.now)
        return turns


@given(st.integers(1, 10_000))
def test_a_fan_out_begins_together_below_what_s3_takes(size: int) -> None:
    together = size * Pace(size, 0.0, 0.5).rate

    assert 0.5 * S3_PUTS_PER_SECOND <= together < S3_PUTS_PER_SECOND


@given(st.integers(1, 2000), st.floats(0.01, 0.5))
def test_turns_keep_to_the_rate(size: int, seconds: float) -> None:
    clock = Clock(size)
    rate = clock.pace.rate

    turns = clock.put(seconds)

    # It may have doubled by the end of a second.
    assert len(turns) <= 1 + rate * seconds * 2**seconds
    assert len(turns) >= int(rate * seconds) - 1


def test_turns_that_were_missed_are_caught_up_with_for_a_moment_only() -> None:
    clock = Clock(35)
    clock.put(0.1)
    rate = clock.pace.rate

    clock.now += 60
    turns = clock.put(0.0001)

    # It may have doubled.
    assert 2 <= len(turns) <= 0.1 * 2 * rate + 2


def test_rate_doubles_each_second_until_the_first_refusal() -> None:
    clock = Clock(100)
    begin = clock.pace.rate

    clock.put(2)

    assert clock.pace.rate == pytest.approx(4 * begin, rel=0.1)


def test_rate_does_not_grow_while_nothing_waits_for_its_turn() -> None:
    clock = Clock(100)
    begin = clock.pace.rate

    for _ in range(100):
        clock.now += 1
        assert clock.pace.turn(clock.now) == 0

    assert clock.pace.rate == begin


def test_refusal_lowers_the_rate_by_a_fifth() -> None:
    clock = Clock(100)
    (began, *_) = clock.put(0.1)
    before = clock.pace.rate

    clock.pace.refused(began, clock.now)

    assert clock.pace.rate == pytest.approx(0.8 * before)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_refusals_of_puts_from_before_it_was_lowered_change_nothing(earlier: list[float]) -> None:
    clock = Clock(100)
    clock.put(1)
    clock.pace.refused(clock.now, clock.now)
    lowered = clock.pace.rate

    for seconds in earlier:
        clock.pace.refused(clock.now - 0.001 - seconds, clock.now + seconds)

    assert clock.pace.rate == lowered


@given(st.integers(1, 1000), st.lists(st.floats(0.02, 2), max_size=200))
def test_rate_falls_at_most_once_for_each_round_trip_and_never_to_nothing(size: int, gaps: list[float]) -> None:
    pace, now, lowered = Pace(size, 0.0, 0.5), 0.0, 0
    for gap in gaps:
        now += gap
        before = pace.rate
        pace.refused(now - ROUND_TRIP, now)
        lowered += pace.rate < before

    assert lowered <= 1 + now / ROUND_TRIP
    assert pace.rate >= S3_PUTS_PER_SECOND / size / 64


def test_rate_comes_back_after_a_refusal() -> None:
    clock = Clock(100)
    before = clock.pace.rate
    clock.pace.refused(clock.now, clock.now)

    clock.put(3)

    assert before < clock.pace.rate < 1.5 * before


def test_rate_grows_faster_the_longer_nothing_is_refused() -> None:
    clock = Clock(100)
    clock.pace.refused(clock.now, clock.now)
    rates = []
    for _ in range(4):
        clock.put(3)
        rates.append(clock.pace.rate)

    growths = [later / earlier for earlier, later in pairwise(rates)]
    assert growths == sorted(growths)


def test_mappers_that_begin_together_take_their_turns_apart() -> None:
    first_turns = {Clock(1000, number / 20).put(0.5)[0] for number in range(20)}

    assert len(first_turns) == 20
