"""Retries of one request: pauses that grow and are random, and an end that the invocation's deadline sets."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime import retries
from runtime.retries import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, PATIENCE_SECONDS, Retries


class Clock:
    """Time that passes only when somebody pauses; `chance` is where in its range each pause lies."""

    def __init__(self) -> None:
        self.now, self.chance = 1000.0, 1.0

    def pauses(self, tried: Retries, answered: bool = True) -> Iterator[float]:
        """All pauses until the tries end."""
        while (seconds := tried.pause(answered)) is not None:
            self.now += seconds
            yield seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(retries, "time", SimpleNamespace(monotonic=lambda: made.now))
    monkeypatch.setattr(retries, "random", SimpleNamespace(uniform=lambda low, high: low + made.chance * (high - low)))
    return made


def test_pauses_double_up_to_the_longest(clock: Clock) -> None:
    pauses = list(clock.pauses(Retries(clock.now + 900)))

    assert pauses[:4] == [FIRST_PAUSE_SECONDS * 2**n for n in range(4)]
    assert max(pauses) == LONGEST_PAUSE_SECONDS


def test_tries_end_with_the_invocation(clock: Clock) -> None:
    ends = clock.now + 900

    list(clock.pauses(Retries(ends)))

    assert clock.now == ends


def test_without_an_answer_patience_ends_sooner(clock: Clock) -> None:
    began = clock.now

    list(clock.pauses(Retries(began + 900), answered=False))

    assert clock.now == began + PATIENCE_SECONDS


def test_where_nobody_knows_the_end_patience_is_the_end(clock: Clock) -> None:
    began = clock.now

    list(clock.pauses(Retries(None)))

    assert clock.now == began + PATIENCE_SECONDS


def test_after_the_end_nothing_is_tried_again(clock: Clock) -> None:
    assert Retries(clock.now - 1).pause(answered=True) is None


def test_text_says_how_often_and_how_long(clock: Clock) -> None:
    tried = Retries(clock.now + 900)
    for _ in range(2):
        clock.now += tried.pause(answered=True) or 0

    assert str(tried) == "tried 2 times in 0.3 s"


@settings(max_examples=50)
@given(st.integers(0, 200))
def test_pauses_are_random_from_nothing_up(failed: int) -> None:
    def pause() -> float:
        tried = Retries(None)
        tried.tries = failed
        return tried.pause(answered=True) or 0.0

    drawn = [pause() for _ in range(40)]

    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**failed)
    assert all(0 <= seconds <= longest for seconds in drawn)
    assert min(drawn) < longest / 2 < max(drawn)
