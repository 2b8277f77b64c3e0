"""Waiting for a fan-in: by membership, with growing pauses, and always with an end."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.orchestration.http_sync_s3.fan_in import Branch, Outcome, Waited, wait
from scripts.client.orchestrations.shape import polls
from tests.fakes.clock import FakeTime

LONG = 100_000.0


def waited(
    time: FakeTime,
    indexes: Callable[[], set[int]] = set,
    has_ended: Callable[[], bool] = lambda: False,
    ends_in: float = LONG,
    expires_in: float = LONG,
    size: int = 3,
) -> Waited:
    branch = Branch("mapper", size, size, time.seconds + expires_in, time.seconds + ends_in, has_ended, time)
    return wait(branch, indexes)


def listings(*sets: Iterable[int]) -> Callable[[], Any]:
    """A directory that shows these in turn."""
    return iter([set(shown) for shown in sets]).__next__


def test_complete_directory_is_seen_at_once() -> None:
    time = FakeTime()

    assert waited(time, lambda: {1, 2, 3}) == Waited(Outcome.COMPLETE, frozenset(), 1)
    assert time.pauses == []


def test_poller_waits_for_the_last_index() -> None:
    assert waited(FakeTime(), listings({3}, {3, 1}, {3, 1}, {3, 1, 2})) == Waited(Outcome.COMPLETE, frozenset(), 4)


def test_end_of_the_last_branch_is_noticed_within_a_fifth_of_the_time_that_it_took() -> None:
    time = FakeTime()

    waited(time, ends_in=60)

    before = list(itertools.accumulate(time.pauses, initial=0.0))
    assert all(pause <= 0.021 + so_far / 5 for so_far, pause in zip(before, time.pauses, strict=False))
    assert len(time.pauses) <= polls(60)


def test_as_many_as_expected_is_not_enough() -> None:
    assert waited(FakeTime(), listings({1, 2, 7}, {1, 2, 3, 7})).polls == 2


def test_nothing_is_waited_for_in_a_fan_out_of_nothing() -> None:
    assert waited(FakeTime(), size=0).outcome is Outcome.COMPLETE


def test_failed_run_is_not_waited_for() -> None:
    time = FakeTime()
    start = time.seconds

    result = waited(time, has_ended=lambda: time.seconds >= start + 5)

    assert result.outcome is Outcome.ENDED
    assert time.seconds - start < 5 + 2.1


def test_failure_is_asked_for_about_once_a_second() -> None:
    time, asked = FakeTime(), []

    waited(time, has_ended=lambda: bool(asked.append(time.seconds)), expires_in=60)

    gaps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert len(asked) > 25
    assert min(gaps) >= 1


def test_invocation_out_of_time_ends_before_its_end() -> None:
    time = FakeTime()
    start = time.seconds

    result = waited(time, lambda: {2}, ends_in=10)

    assert result.outcome is Outcome.OUT_OF_TIME
    assert result.missing == {1, 3}
    assert 8 < time.seconds - start < 10


def test_expired_fan_in_says_what_is_missing() -> None:
    time = FakeTime()
    start = time.seconds

    result = waited(time, lambda: {2}, expires_in=10)

    assert (result.outcome, result.missing) == (Outcome.EXPIRED, {1, 3})
    assert time.seconds - start == pytest.approx(10)


def test_deadline_in_the_past_still_looks_once() -> None:
    assert waited(FakeTime(), lambda: {1, 2, 3}, expires_in=-5).outcome is Outcome.COMPLETE
    assert waited(FakeTime(), expires_in=-5) == Waited(Outcome.EXPIRED, frozenset({1, 2, 3}), 1)


def test_pauses_grow_from_20_ms_to_a_second() -> None:
    time = FakeTime()

    waited(time, expires_in=30)

    assert time.pauses[0] == 0.02
    assert time.pauses[:-1] == sorted(time.pauses[:-1])
    assert max(time.pauses) == 1.0
    assert len(time.pauses) < 50


@given(st.floats(0, 100), st.floats(0, 100))
def test_wait_ends_by_the_earlier_of_both_times(ends_in: float, expires_in: float) -> None:
    time = FakeTime()
    start = time.seconds

    waited(time, ends_in=ends_in, expires_in=expires_in)

    assert time.seconds - start <= min(ends_in, expires_in) + 1e-6
