"""The promises of test_scope, for a word that emit already counts up without asking anybody: they hold all the same.

In each test the mapper's own thread has emitted the word before the fault happens.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from runtime.mapreduce import emit, emit_all, emitting, run_map
from runtime.mapreduce.programmer import combiner
from runtime.mapreduce.sequence import Values
from runtime.run import Run, within
from tests.fakes.round_trip import emitted, in_memory, read_back, run_mapper
from tests.fakes.waiting import PATIENCE_SECONDS

TOLD_TOO_LATE = "after its user_map had returned; wait in user_map for every thread and task"


def count(word: str = "counted") -> None:
    """Let emit count the word up from now on."""
    emit(word)
    emit(word)


def in_a_thread(work: Callable[[], Any]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def in_a_pool() -> None:
    with ThreadPoolExecutor(4) as pool:
        pool.map(emit, ["counted"] * 100)


def in_a_thread_of_a_thread() -> None:
    in_a_thread(in_a_pool)


def in_a_copied_context() -> None:
    in_a_thread(lambda: contextvars.copy_context().run(emit_all, ["counted"] * 100))


def in_tasks() -> None:
    async def one() -> None:
        await asyncio.sleep(0)
        emit("counted")

    async def main() -> None:
        await asyncio.gather(*(one() for _ in range(100)))

    asyncio.run(main())


def in_threads_of_a_loop() -> None:
    async def main() -> None:
        await asyncio.gather(*(asyncio.to_thread(emit, "counted") for _ in range(100)))

    asyncio.run(main())


def in_an_empty_context() -> None:
    contextvars.Context().run(emit_all, ["counted"] * 100)


@pytest.mark.parametrize(
    "work",
    [in_a_pool, in_a_thread_of_a_thread, in_a_copied_context, in_tasks, in_threads_of_a_loop, in_an_empty_context],
)
def test_counted_word_is_counted_from_threads_and_tasks(work: Callable[[], None]) -> None:
    def user_map(text: str) -> None:
        count()
        work()
        emit("counted")

    assert emitted("packed", user_map) == {"counted": [1] * 103}


class LeftBehind:
    """A map that returns, or fails, while a thread of its own goes on to emit the counted word."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self._emitted, self._go_on = threading.Event(), threading.Event()
        self._thread = threading.Thread()
        self.errors: list[Exception] = []

    def __call__(self, text: str) -> None:
        count()
        self._thread = self._made()
        self._thread.start()
        assert self._emitted.wait(PATIENCE_SECONDS)
        if self._error is not None:
            raise self._error

    def _made(self) -> threading.Thread:
        return threading.Thread(target=self._work, name="left behind")

    def _work(self) -> None:
        emit("counted")
        self._emitted.set()
        self._go_on.wait(PATIENCE_SECONDS)
        try:
            emit("counted")
        except RuntimeError as error:
            self.errors.append(error)

    def go_on(self) -> None:
        self._go_on.set()
        self._thread.join(PATIENCE_SECONDS)


class LeftBehindInItsContext(LeftBehind):
    """Its thread has the mapper's context, and is one that may run on if it emits nothing."""

    def _made(self) -> threading.Thread:
        return threading.Thread(target=contextvars.copy_context().run, args=(self._work,), name="left behind", daemon=True)


@pytest.mark.parametrize("kind", [LeftBehind, LeftBehindInItsContext])
def test_map_that_does_not_wait_for_its_thread_fails_by_name(kind: type[LeftBehind]) -> None:
    user_map = kind()

    with (
        in_memory(),
        pytest.raises(RuntimeError, match="while thread 'left behind' of its own is still at work"),
    ):
        run_mapper("packed", user_map)

    user_map.go_on()
    assert [type(error) for error in user_map.errors] == [RuntimeError]


def test_thread_that_a_failed_map_left_at_work_adds_nothing_to_the_next_mapper() -> None:
    user_map = LeftBehind(LookupError("mine"))

    def next_map(text: str) -> None:
        count()
        user_map.go_on()

    with in_memory():
        with pytest.raises(LookupError):
            run_mapper("packed", user_map)
        with pytest.raises(RuntimeError, match="'left behind', which an earlier user_map left at work when it failed"):
            run_mapper("packed", next_map, Run("run2"))


@pytest.fixture
def earlier() -> contextvars.Context:
    """The context of a mapper of this thread, which has ended."""
    contexts: list[contextvars.Context] = []

    def user_map(text: str) -> None:
        count()
        contexts.append(contextvars.copy_context())

    with in_memory():
        run_mapper("packed", user_map)
    return contexts[0]


def test_context_of_an_earlier_mapper_in_the_same_thread_is_refused(earlier: contextvars.Context) -> None:
    with pytest.raises(RuntimeError, match=TOLD_TOO_LATE):
        earlier.run(emit, "counted")


@pytest.mark.parametrize("hand_out", [lambda: emit("counted"), lambda: emit_all(["counted"])])
def test_context_of_an_earlier_mapper_fails_a_later_one(hand_out: Callable[[], None], earlier: contextvars.Context) -> None:
    def user_map(text: str) -> None:
        count()
        with pytest.raises(RuntimeError):
            earlier.run(hand_out)

    with in_memory(), pytest.raises(RuntimeError, match=TOLD_TOO_LATE):
        run_mapper("packed", user_map)


@pytest.mark.parametrize("hand_out", [lambda: emit("counted"), lambda: emit_all(["counted"])])
def test_emit_after_the_mapper_is_refused(hand_out: Callable[[], None]) -> None:
    with in_memory():
        run_mapper("packed", lambda text: count())

        with pytest.raises(RuntimeError, match="only while a mapper runs"):
            hand_out()


def test_emit_after_a_mapper_that_failed_is_refused() -> None:
    contexts: list[contextvars.Context] = []

    def user_map(text: str) -> None:
        count()
        contexts.append(contextvars.copy_context())
        raise LookupError

    with in_memory(), pytest.raises(LookupError):
        run_mapper("packed", user_map)

    with pytest.raises(RuntimeError, match=TOLD_TOO_LATE):
        contexts[0].run(emit, "counted")


def test_mapper_within_a_mapper_of_the_same_thread_has_counts_of_its_own() -> None:
    def outer(text: str) -> None:
        count()
        run_mapper("packed", inner, Run("inner"))
        emit("counted")

    def inner(text: str) -> None:
        emit_all(["counted"] * 5)
        emit("counted")

    with in_memory():
        run_mapper("packed", outer, Run("outer"))

        assert read_back("packed", run_id="outer") == {"counted": [1] * 3}
        assert read_back("packed", run_id="inner") == {"counted": [1] * 6}


def test_mappers_side_by_side_have_counts_of_their_own() -> None:
    both = threading.Barrier(2, timeout=PATIENCE_SECONDS)

    def mapper(number: int) -> None:
        def user_map(text: str) -> None:
            both.wait()
            for _ in range(1000 + number):
                emit("counted")
            both.wait()

        run_mapper("packed", user_map, Run(f"run{number}"))

    with in_memory():
        threads = [threading.Thread(target=contextvars.copy_context().run, args=(mapper, number)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [len(read_back("packed", run_id=f"run{number}")["counted"]) for number in range(2)] == [1000, 1001]


def test_plain_thread_beside_several_mappers_fails_all_that_it_may_belong_to() -> None:
    both, errors = threading.Barrier(2, timeout=PATIENCE_SECONDS), []

    def user_map(text: str) -> None:
        count()
        both.wait()
        in_a_thread(in_a_pool)
        both.wait()

    def mapper(number: int) -> None:
        try:
            run_mapper("packed", user_map, Run(f"run{number}"))
        except RuntimeError as error:
            errors.append(str(error))

    with in_memory():
        threads = [threading.Thread(target=contextvars.copy_context().run, args=(mapper, number)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(errors) == 2
    assert all("which may be any of 2 mappers' in this process" in error for error in errors)


@pytest.mark.parametrize("value", [True, 1.0, 2, None, [1]])
def test_other_value_of_a_counted_word_is_no_count(value: Any) -> None:
    def user_map(text: str) -> None:
        count()
        emit("counted", value)
        emit("counted")

    found = emitted("packed", user_map)["counted"]
    assert [(type(item), item) for item in found] == [(int, 1), (int, 1), (type(value), value), (int, 1)]


@pytest.mark.parametrize("hand_out", [emit, lambda word: emit_all([word]), lambda word: emit_all(iter([word]))])
def test_combiner_that_emits_fails_the_mapper(hand_out: Callable[[str], None]) -> None:
    def combine(word: str, values: Values) -> int:
        hand_out("counted")
        return sum(values)

    def user_map(text: str) -> None:
        count()

    with in_memory(), pytest.raises(RuntimeError, match=r"user_combine in .* called emit\(\)"):
        run_mapper("packed", user_map, combine=combiner(combine))


def test_error_that_the_map_swallows_still_fails_the_mapper_when_counting_went_on() -> None:
    def user_map(text: str) -> None:
        count()
        with pytest.raises(TypeError):
            emit(3)  # type: ignore[arg-type]
        count()

    with in_memory(), pytest.raises(TypeError, match="takes a word, a string; got 3"):
        run_mapper("packed", user_map)


def test_counting_goes_on_after_a_segment_was_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHUFFLE_MEMORY_MB", "0.001")
    words = [f"w{number}" for number in range(50)]

    def user_map(text: str) -> None:
        for _ in range(4):
            emit_all(words)
            for word in words:
                emit(word)

    assert emitted("packed", user_map) == {word: [1] * 8 for word in words}


def test_last_count_is_in_when_a_with_block_ends_without_run_map() -> None:
    with in_memory():
        with within(Run("run1")), emitting("my-bucket", 3, "packed"):
            run_map(lambda text: count(), "")
            emit("counted")

        assert read_back("packed") == {"counted": [1] * 3}
