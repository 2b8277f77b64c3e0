"""Threads that a mapper leaves behind, contexts of an earlier mapper, and mappers side by side."""

import asyncio
import contextvars
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from runtime.mapreduce import emit
from runtime.mapreduce.objects.sender import CONCURRENCY
from tests.fakes.shuffle_store import ShuffleStore
from tests.fakes.waiting import PATIENCE_SECONDS, wait_until
from tests.unit.mapreduce.mappers import WORDS, LeftBehind, counts, plain_threads, run


@pytest.mark.parametrize("daemon", [False, True])
def test_map_that_does_not_wait_for_its_thread_fails_by_name(daemon: bool, store: ShuffleStore) -> None:
    user_map = LeftBehind(daemon=daemon)

    with pytest.raises(RuntimeError, match="user_map returned while thread 'left behind' of its own is still at work"):
        run(user_map)

    user_map.go_on()
    assert "late" not in counts(store)
    assert user_map.errors


class NotYetEmitting(LeftBehind):
    """Its thread has not emitted anything when the map ends."""

    def _work(self) -> None:
        self._emitted.set()
        self._go_on.wait(PATIENCE_SECONDS)


def test_map_that_does_not_wait_for_a_thread_that_has_not_emitted_yet_fails_by_name(store: ShuffleStore) -> None:
    user_map = NotYetEmitting()

    with pytest.raises(RuntimeError, match="user_map returned while thread 'left behind' of its own is still at work"):
        run(user_map)
    user_map.go_on()


def test_thread_that_waits_in_emit_when_the_map_returns_holds_nobody_up(store: ShuffleStore) -> None:
    errors: list[Exception] = []
    emitting_thread = threading.Thread(target=emit_until_refused)

    def user_map(text: str) -> None:
        emitting_thread.start()
        assert store.wait_for_started(CONCURRENCY)
        wait_until(lambda: waits_in(emitting_thread, "send"), "the thread to wait for room")
        threading.Timer(0.1, store.release).start()

    def mapper() -> None:
        try:
            run(user_map)
        except RuntimeError as error:
            errors.append(error)

    store.hold()
    running = threading.Thread(target=contextvars.copy_context().run, args=(mapper,), daemon=True)
    running.start()
    running.join(PATIENCE_SECONDS / 4)

    assert not running.is_alive()
    assert "of its own is still at work" in str(errors[0])
    emitting_thread.join(PATIENCE_SECONDS)
    assert not emitting_thread.is_alive()


def emit_until_refused() -> None:
    with suppress(RuntimeError):
        while True:
            emit("on and on")


def waits_in(thread: threading.Thread, function: str) -> bool:
    """Whether a thread waits for another one, in a function that waits on a condition itself."""
    frame, names = sys._current_frames().get(thread.ident or 0), []
    while frame is not None:
        names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names[:3] == ["wait", "wait_for", function]


def test_daemon_that_never_emits_may_work_on(store: ShuffleStore) -> None:
    user_map = NotYetEmitting(daemon=True)

    run(user_map)

    user_map.go_on()


def test_thread_that_was_there_before_may_work_on(store: ShuffleStore) -> None:
    earlier = NotYetEmitting()
    earlier("")

    run(plain_threads)

    earlier.go_on()


def test_emit_while_the_last_puts_are_under_way_is_too_late_and_fails_the_mapper(store: ShuffleStore) -> None:
    mapper, pool = threading.current_thread(), ThreadPoolExecutor(1)
    errors: list[BaseException | None] = []

    def late() -> None:
        wait_until(lambda: waits_in(mapper, "_settle"), "the mapper to wait for its puts")
        errors.append(pool.submit(emit, "late").exception(PATIENCE_SECONDS))
        store.release()

    def user_map(text: str) -> None:
        pool.submit(emit, "early").result()  # now the pool's thread is known, and idle
        threading.Thread(target=late, daemon=True).start()

    store.hold()
    with pool, pytest.raises(RuntimeError, match="after its user_map had returned; wait in user_map for every thread and task"):
        run(user_map)

    assert [type(error) for error in errors] == [RuntimeError]
    assert counts(store) == {"early": 1}


def test_thread_that_a_failed_map_left_at_work_adds_nothing_to_the_next_mapper(store: ShuffleStore) -> None:
    user_map = LeftBehind(LookupError("mine"))
    with pytest.raises(LookupError):
        run(user_map)

    with pytest.raises(RuntimeError, match="'left behind', which an earlier user_map left at work when it failed"):
        run(lambda text: user_map.go_on(), run_id="run2")

    assert "late" not in counts(store)


def test_context_of_an_earlier_mapper_is_of_no_use_in_a_later_one(store: ShuffleStore) -> None:
    contexts: list[contextvars.Context] = []
    run(lambda text: contexts.append(contextvars.copy_context()))

    def user_map(text: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(contexts[0].run, emit, "lost")

    with pytest.raises(RuntimeError, match="after its user_map had returned"):
        run(user_map, run_id="run2")
    assert store.objects == {}


def test_context_used_when_no_mapper_runs_is_refused(store: ShuffleStore) -> None:
    contexts: list[contextvars.Context] = []
    run(lambda text: contexts.append(contextvars.copy_context()))

    with pytest.raises(RuntimeError, match="after its user_map had returned"):
        contexts[0].run(emit, "lost")


class SideBySide:
    """Two mappers that both run before either does anything: `do` says what."""

    def __init__(self, do: Callable[[int], None]) -> None:
        self._do, self._both = do, threading.Barrier(2, timeout=PATIENCE_SECONDS)
        self.errors: list[Exception | None] = [None, None]

    def run(self) -> None:
        threads = [threading.Thread(target=contextvars.copy_context().run, args=(self._mapper, number)) for number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)

    def _mapper(self, number: int) -> None:
        def user_map(text: str) -> None:
            self._both.wait()
            try:
                self._do(number)
            finally:
                self._both.wait()

        try:
            run(user_map, run_id=f"run{number}")
        except Exception as error:
            self.errors[number] = error


def test_mappers_side_by_side_each_have_their_own_tasks(store: ShuffleStore) -> None:
    async def main(number: int) -> None:
        await asyncio.gather(*(asyncio.to_thread(emit, f"{number}-{word}") for word in WORDS))

    both = SideBySide(lambda number: asyncio.run(main(number)))
    both.run()

    assert both.errors == [None, None]
    assert Counter((key[:4], key.split("/")[2][0]) for key in store.objects) == {("run0", "0"): 1000, ("run1", "1"): 1000}


def test_plain_thread_beside_several_mappers_fails_all_that_it_may_belong_to(store: ShuffleStore) -> None:
    def do(number: int) -> None:
        if number == 0:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(emit, "whose")

    both = SideBySide(do)
    both.run()

    told = "which may be any of 2 mappers' in this process; start it with contextvars.copy_context().run"
    assert [told in str(error) for error in both.errors] == [True, True]
    assert store.objects == {}


def test_thread_that_has_emitted_is_still_known_when_another_mapper_comes(store: ShuffleStore) -> None:
    second_runs, first_is_done = threading.Event(), threading.Event()

    def first(text: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(emit, "before").result()
            other.start()
            assert second_runs.wait(PATIENCE_SECONDS)
            pool.submit(emit, "beside").result()
        first_is_done.set()

    def second(text: str) -> None:
        second_runs.set()
        assert first_is_done.wait(PATIENCE_SECONDS)

    other = threading.Thread(target=contextvars.copy_context().run, args=(run, second, "my-bucket", "run2"))
    run(first)
    other.join(PATIENCE_SECONDS)

    assert {key.split("/")[0] for key in store.objects} == {"run1"}
    assert counts(store) == {"before": 1, "beside": 1}


def test_emitters_threads_end_with_the_mapper(store: ShuffleStore) -> None:
    before = set(threading.enumerate())

    run(plain_threads)

    wait_until(lambda: set(threading.enumerate()) <= before, "the threads to end")
