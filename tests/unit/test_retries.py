"""Retries of one request: pauses that grow and are random, and an end that the invocation's deadline sets."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.clock import Clock
from runtime.retries import PATIENCE_SECONDS, Pauses, Retries
from tests.fakes.clock import FakeTime

PAUSES = Pauses()


def pauses(clock: FakeTime, tried: Retries, answered: bool = True) -> Iterator[float]:
    """All pauses until the tries end."""
    while (seconds := tried.pause(answered)) is not None:
        clock.sleep(seconds)
        yield seconds


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime(1000.0)


def test_pauses_double_up_to_the_longest(clock: FakeTime) -> None:
    made = list(pauses(clock, Retries(clock, clock.seconds + 900)))

    assert made[:4] == [PAUSES.first * 2**n for n in range(4)]
    assert max(made) == PAUSES.longest


def test_tries_end_with_the_invocation(clock: FakeTime) -> None:
    ends = clock.seconds + 900

    list(pauses(clock, Retries(clock, ends)))

    assert clock.seconds == ends


def test_without_an_answer_patience_ends_sooner(clock: FakeTime) -> None:
    began = clock.seconds

    list(pauses(clock, Retries(clock, began + 900), answered=False))

    assert clock.seconds == began + PATIENCE_SECONDS


def test_where_nobody_knows_the_end_patience_is_the_end(clock: FakeTime) -> None:
    began = clock.seconds

    list(pauses(clock, Retries(clock, None)))

    assert clock.seconds == began + PATIENCE_SECONDS


def test_after_the_end_nothing_is_tried_again(clock: FakeTime) -> None:
    assert Retries(clock, clock.seconds - 1).pause(answered=True) is None


@pytest.mark.parametrize(("tries", "text"), [(0, "0 times in 0.0"), (1, "once in 0.1"), (2, "2 times in 0.3")])
def test_text_says_how_often_and_how_long(tries: int, text: str, clock: FakeTime) -> None:
    tried = Retries(clock, clock.seconds + 900)
    for _ in range(tries):
        clock.sleep(tried.pause(answered=True) or 0)

    assert str(tried) == f"tried {text} s"


@settings(max_examples=50)
@given(st.integers(0, 200))
def test_pauses_are_random_from_nothing_up(failed: int) -> None:
    def pause() -> float:
        tried = Retries(Clock(), None)
        tried.tries = failed
        return tried.pause(answered=True) or 0.0

    drawn = [pause() for _ in range(40)]

    longest = min(PAUSES.longest, PAUSES.first * 2.0**failed)
    assert all(0 <= seconds <= longest for seconds in drawn)
    assert min(drawn) < longest / 2 < max(drawn)


def test_tries_end_with_the_last_that_is_allowed(clock: FakeTime) -> None:
    tried = Retries(clock, None, Pauses(1.0, 4.0), most=5)

    assert list(pauses(clock, tried)) == [1.0, 2.0, 4.0, 4.0]


def test_waiting_lets_the_pause_pass_and_says_whether_to_try_again(clock: FakeTime) -> None:
    tried = Retries(clock, clock.seconds + 0.2)

    assert [tried.wait() for _ in range(3)] == [True, True, False]
    assert clock.pauses == [0.1, pytest.approx(0.1)]
