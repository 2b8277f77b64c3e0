"""count: numbers beside the result, from wherever the function waits for."""

import contextvars
import os
import threading
from collections import Counter
from typing import Any

import pytest

from runtime.mapreduce import count
from runtime.mapreduce.counters import MAX_NAME_LENGTH, MAX_NAMES
from runtime.mapreduce.job import Job
from runtime.run import Run, within


def counted(function: Any) -> Counter[str]:
    run = Run("run1")
    with within(run), Job().in_force():
        function()
    return run.counters


def test_numbers_are_summed_by_name() -> None:
    def function() -> None:
        count("bad lines")
        count("bytes", 700)
        count("bad lines", 2)
        count("bytes", -1)

    assert counted(function) == {"bad lines": 3, "bytes": 699}


def test_threads_that_the_function_waits_for_count_too() -> None:
    def function() -> None:
        threads = [threading.Thread(target=lambda: [count("lines") for _ in range(500)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert counted(function) == {"lines": 2000}


def test_outside_of_a_function_nothing_is_counted() -> None:
    run = Run("run1")

    with within(run):
        count("lines")

    assert run.counters == {}


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ((3,), TypeError, r"count\(\) takes a name, a string; got 3"),
        (("a", 1.0), TypeError, r"count\('a'\) takes a whole number; got 1.0"),
        (("a", True), TypeError, "takes a whole number; got True"),
        (("",), ValueError, "a name has 1 to 200 characters"),
        (("a" * (MAX_NAME_LENGTH + 1),), ValueError, "a name has 1 to 200 characters"),
        (("a", 2**53), ValueError, "a number at most 53 bits"),
        (("a\ud800",), ValueError, "surrogates not allowed"),
    ],
)
def test_what_cannot_be_counted_is_refused(arguments: Any, error: Any, told: str) -> None:
    with pytest.raises(error, match=told):
        counted(lambda: count(*arguments))


def test_names_without_end_are_refused_and_told_what_to_do() -> None:
    def function() -> None:
        for number in range(MAX_NAMES):
            count(f"name {number}")
        count("name 0")
        with pytest.raises(ValueError, match="there are 1000 counters already; emit what has no end of names"):
            count("one more")

    assert len(counted(function)) == MAX_NAMES


def test_thread_that_counts_after_its_function_has_returned_is_told() -> None:
    told: list[str] = []
    with Job().in_force():
        context = contextvars.copy_context()

    def late() -> None:
        try:
            count("lines")
        except RuntimeError as error:
            told.append(str(error))

    context.run(late)

    assert told == ["count('lines') was called after its function had returned; wait for the thread in it"]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_another_process_is_told_that_its_number_would_be_lost() -> None:
    reading, writing = os.pipe()

    def function() -> None:
        if (child := os.fork()) == 0:
            try:
                count("lines")
            except RuntimeError as error:
                os.write(writing, str(error).encode())
            os._exit(0)
        os.waitpid(child, 0)

    assert counted(function) == {}
    assert os.read(reading, 1000).startswith(b"count() was called in another process than its function; return the number")
