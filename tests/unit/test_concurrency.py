"""Requests that are made many at once: answers in order, bounded, and counted for the caller's run."""

import threading
import time
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.concurrency import at_once, in_order
from runtime.run import Run, current_run, within


def test_answers_come_in_the_order_of_the_items() -> None:
    def make(number: int) -> int:
        time.sleep(0.002 * (number % 3))
        return number * 10

    assert list(in_order(make, range(50), concurrency=8)) == [number * 10 for number in range(50)]


@given(
    items=st.lists(st.integers(), max_size=8),
    concurrency=st.integers(min_value=1, max_value=4),
    ahead=st.none() | st.integers(min_value=1, max_value=10),
)
def test_answers_are_those_of_map_whatever_the_bounds(items: list[int], concurrency: int, ahead: int | None) -> None:
    assert list(in_order(str, items, concurrency, ahead)) == list(map(str, items))


@pytest.mark.parametrize("concurrency", [1, 4])
def test_no_more_than_allowed_are_under_way_or_wait_to_be_taken(concurrency: int) -> None:
    lock, begun = threading.Lock(), []

    def make(number: int) -> int:
        with lock:
            begun.append(number)
        return number

    answers = in_order(make, range(100), concurrency=concurrency)
    for taken, _ in enumerate(answers, 1):
        assert len(begun) <= taken + concurrency


def test_calls_are_made_at_once() -> None:
    together = threading.Barrier(4, timeout=30)

    assert list(in_order(lambda number: together.wait() >= 0, range(8), concurrency=4)) == [True] * 8


def test_single_item_needs_no_thread() -> None:
    assert list(in_order(lambda _: threading.get_ident(), [1])) == [threading.get_ident()]
    assert list(in_order(lambda _: 1, [])) == []


def test_requests_and_retries_count_for_the_callers_run() -> None:
    def make(number: int) -> None:
        run = current_run()
        assert (run.run_id, run.deadline) == ("run1", 5.0)
        run.requests["s3.GetObject"] += 1
        run.retries["s3:GetObject"] += 2

    with within(Run("run1", deadline=5.0)) as run:
        list(in_order(make, range(500), concurrency=8))

    assert run.requests == {"s3.GetObject": 500}
    assert run.retries == {"s3:GetObject": 1000}


def test_first_error_is_raised_and_what_has_not_begun_is_left_out() -> None:
    begun = []

    def make(number: int) -> int:
        begun.append(number)
        if number == 3:
            raise ValueError("3 is wrong")
        return number

    with pytest.raises(ValueError, match="3 is wrong"):
        list(in_order(make, range(1000), concurrency=2))
    assert len(begun) < 20


def test_consumer_that_stops_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    answers = in_order(lambda number: number, range(100), concurrency=4)
    next(answers)
    answers.close()

    assert threading.active_count() == before


def asked(number: int) -> int:
    """Make a request, and fail for the number 3."""
    current_run().requests["s3.GetObject"] += 1
    if number == 3:
        raise ValueError("3 is wrong")
    return number


def test_requests_of_calls_that_fail_count_too() -> None:
    with within(Run("run1")) as run, pytest.raises(ValueError, match="3 is wrong"):
        list(in_order(asked, range(4), concurrency=4))

    assert run.requests == {"s3.GetObject": 4}


def test_all_calls_at_once_are_answered_in_order_and_counted() -> None:
    numbers = [number for number in range(100) if number != 3]

    with within(Run("run1")) as run:
        assert at_once([partial(asked, number) for number in numbers]) == numbers

    assert run.requests == {"s3.GetObject": 99}


def test_no_call_of_those_at_once_waits_for_an_earlier_one() -> None:
    last = threading.Event()

    def first() -> bool:
        return last.wait(timeout=30)

    assert at_once([first, *[lambda: True] * 20, lambda: last.set() or True], threads=2) == [True] * 22


def test_requests_of_calls_at_once_that_fail_count_too() -> None:
    with within(Run("run1")) as run, pytest.raises(ValueError, match="3 is wrong"):
        at_once([partial(asked, number) for number in (3, 4)], threads=2)

    assert run.requests["s3.GetObject"] >= 1


def test_after_a_failure_at_once_nothing_more_begins_and_what_began_has_ended() -> None:
    began, ended = [], []
    failed = threading.Event()

    def call(number: int) -> None:
        began.append(number)
        if number == 2:
            failed.set()
            raise ValueError("the first")
        failed.wait(5)
        time.sleep(0.3 if number == 0 else 0.01)
        ended.append(number)

    with pytest.raises(ValueError, match="the first"):
        at_once([partial(call, number) for number in range(100)], threads=3)

    assert len(began) < 10
    assert sorted(ended) == sorted(set(began) - {2})


@pytest.mark.parametrize("error", [StopIteration("no more"), RuntimeError("no"), KeyError("k")])
@pytest.mark.parametrize("calls", [1, 3])
def test_error_of_a_call_at_once_is_raised_as_it_is(error: Exception, calls: int) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        at_once([fail] * calls)

    assert caught.value is error
