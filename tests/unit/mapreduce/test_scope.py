"""Who may call emit: threads and tasks that a map waits for; and what becomes of a mapper when somebody else does."""

import asyncio
import contextvars
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from runtime.mapreduce import emit, emitting, run_map, storage
from runtime.mapreduce.objects.sender import CONCURRENCY
from runtime.mapreduce.run import Run, within
from scripts import paths
from tests.fakes.shuffle_store import ShuffleStore
from tests.fakes.waiting import PATIENCE_SECONDS, wait_until

WORDS = [f"w{number % 50}" for number in range(1000)]

Map = Callable[[str], Any]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ShuffleStore:
    store = ShuffleStore()
    monkeypatch.setattr(storage, "put_once", store.put)
    return store


def run(user_map: Map, bucket: str = "my-bucket", run_id: str = "run1") -> None:
    with within(Run(run_id)), emitting(bucket, 3):
        run_map(user_map, "")


def counts(store: ShuffleStore) -> Counter[str]:
    return Counter(key.split("/")[2] for key in store.objects)


def emit_all(words: list[str] = WORDS) -> None:
    for word in words:
        emit(word)


def pool_with_waiting(text: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(emit, WORDS))


def pool_whose_futures_nobody_asks(text: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        pool.map(emit, WORDS)


def plain_threads(text: str) -> None:
    threads = [threading.Thread(target=emit_all, args=(WORDS[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def thread_of_a_thread(text: str) -> None:
    thread = threading.Thread(target=plain_threads, args=(text,))
    thread.start()
    thread.join()


def to_thread(text: str) -> None:
    async def main() -> None:
        await asyncio.gather(*(asyncio.to_thread(emit, word) for word in WORDS))

    asyncio.run(main())


def tasks(text: str) -> None:
    async def one(word: str) -> None:
        await asyncio.sleep(0)
        emit(word)

    async def main() -> None:
        await asyncio.gather(*map(one, WORDS))

    asyncio.run(main())


def executor_of_a_loop_that_nobody_awaits(text: str) -> None:
    async def main() -> None:
        for word in WORDS:
            asyncio.get_running_loop().run_in_executor(None, emit, word)

    asyncio.run(main())


def copied_context(text: str) -> None:
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(emit_all,))
    thread.start()
    thread.join()


def pool_of_multiprocessings_threads(text: str) -> None:
    with ThreadPool(4) as pool:
        pool.map(emit, WORDS)


def generator_beside_a_thread(text: str) -> Iterator[tuple[str, int]]:
    thread = threading.Thread(target=emit_all, args=(WORDS[::2],))
    thread.start()
    for word in WORDS[1::2]:
        yield word, 1
    thread.join()


@pytest.mark.parametrize(
    "user_map",
    [
        pool_with_waiting, pool_whose_futures_nobody_asks, plain_threads, thread_of_a_thread, to_thread, tasks, copied_context,
        executor_of_a_loop_that_nobody_awaits, pool_of_multiprocessings_threads, generator_beside_a_thread,
    ],
)  # fmt: skip
def test_words_emitted_by_threads_and_tasks_are_all_stored(user_map: Map, store: ShuffleStore) -> None:
    run(user_map)

    assert counts(store) == Counter(WORDS)


def test_threads_give_the_same_keys_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = []
    for user_map in (plain_threads, lambda text: emit_all()):
        store = ShuffleStore()
        monkeypatch.setattr(storage, "put_once", store.put)
        run(user_map)
        stored.append(set(store.objects))

    assert stored[0] == stored[1]


def test_emitters_threads_count_their_puts(store: ShuffleStore) -> None:
    counted = Run("run1")

    with within(counted), emitting("my-bucket", 3):
        plain_threads("")

    assert counted.requests == {"s3.PutObject": len(WORDS) + 1}  # and one for the proof


def test_pool_that_outlives_a_mapper_serves_the_next_one(store: ShuffleStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        for _ in range(3):
            run(lambda text: list(pool.map(emit, WORDS)) and None)

    assert counts(store) == Counter(WORDS)  # each run's keys are the same


def refused_in_a_pool(text: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        pool.map(emit, ["good", "a\ud800"])


def refused_in_a_plain_thread(text: str) -> None:
    thread = threading.Thread(target=swallowing, args=("a\ud800",))
    thread.start()
    thread.join()


def refused_in_a_task_that_nobody_asks(text: str) -> None:
    async def main() -> None:
        await asyncio.gather(asyncio.to_thread(emit, "a\ud800"), return_exceptions=True)

    asyncio.run(main())


def refused_and_caught(text: str) -> None:
    swallowing("a\ud800")


def swallowing(word: Any) -> None:
    with suppress(TypeError, ValueError):
        emit(word)


@pytest.mark.parametrize(
    "user_map", [refused_in_a_pool, refused_in_a_plain_thread, refused_in_a_task_that_nobody_asks, refused_and_caught]
)
def test_word_that_is_refused_fails_the_mapper_whoever_gets_the_error(user_map: Map, store: ShuffleStore) -> None:
    with pytest.raises(ValueError, match="lone surrogate at 1"):
        run(user_map)


def test_word_that_is_no_string_fails_the_mapper_from_a_pool(store: ShuffleStore) -> None:
    def user_map(text: str) -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(emit, 3)  # type: ignore[arg-type]

    with pytest.raises(TypeError, match="takes a word, a string; got 3"):
        run(user_map)


class LeftBehind:
    """A map that returns, or fails, while a thread of its own emits on until it is told to stop."""

    def __init__(self, error: Exception | None = None, **about: Any) -> None:
        self._error, self._about = error, about
        self._emitted, self._go_on, self._stop = threading.Event(), threading.Event(), threading.Event()
        self.errors: list[Exception] = []
        self.thread = threading.Thread()

    def __call__(self, text: str) -> None:
        self.thread = threading.Thread(target=self._work, name="left behind", **self._about)
        self.thread.start()
        assert self._emitted.wait(PATIENCE_SECONDS)
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        emit("early")
        self._emitted.set()
        self._go_on.wait(PATIENCE_SECONDS)
        try:
            emit("late")
        except RuntimeError as error:
            self.errors.append(error)

    def go_on(self) -> None:
        self._go_on.set()
        self.thread.join(PATIENCE_SECONDS)
        assert not self.thread.is_alive()


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
    running = threading.Thread(target=mapper, daemon=True)
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
        threads = [threading.Thread(target=self._mapper, args=(number,)) for number in range(2)]
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

    other = threading.Thread(target=run, args=(second,), kwargs={"run_id": "run2"})
    run(first)
    other.join(PATIENCE_SECONDS)

    assert {key.split("/")[0] for key in store.objects} == {"run1"}
    assert counts(store) == {"before": 1, "beside": 1}


PROGRAM = """
import multiprocessing, os, sys, threading
from concurrent.futures import ProcessPoolExecutor
from runtime.mapreduce import emit, emitting, run_map, storage

stored = []
storage.put_once = lambda bucket, key, body: stored.append(key)

{user_map}

if __name__ == "__main__":
    try:
        with emitting("my-bucket", 3):
            run_map(user_map, "")
    except Exception as error:
        print(f"{{type(error).__name__}}: {{error}}", flush=True)
    else:
        print(f"stored {{len(stored)}}", flush=True)
"""


def told(tmp_path: Any, user_map: str) -> tuple[str, str]:
    """What a mapper of its own process says in the end, and what is on its error stream."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(user_map=textwrap.dedent(user_map)))
    # Python warns of a fork beside threads, and so it should.
    command = [sys.executable, "-W", "ignore", str(program)]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(paths.ROOT)}, capture_output=True, text=True, timeout=PATIENCE_SECONDS * 4, check=True
    )
    return done.stdout, done.stderr


FORKED = {
    "pool": """
        def user_map(text):
            emit("first")
            with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
                pool.map(emit, ["lost"] * 10)
        """,
    "process": """
        def user_map(text):
            process = multiprocessing.get_context("fork").Process(target=emit, args=("lost",))
            process.start()
            process.join()
        """,
    "thread of a process": """
        def work():
            thread = threading.Thread(target=emit, args=("lost",))
            thread.start()
            thread.join()

        def user_map(text):
            process = multiprocessing.get_context("fork").Process(target=work)
            process.start()
            process.join()
        """,
    "pool made before": """
        pool = multiprocessing.get_context("fork").Pool(1)

        def user_map(text):
            pool.map_async(emit, ["lost"]).wait()
        """,
    "caught": """
        def user_map(text):
            if os.fork() == 0:
                try:
                    emit("lost")
                finally:
                    os._exit(0)
            os.wait()
        """,
    "comes out of user_map": """
        def user_map(text):
            emit("first")
            if os.fork() != 0:
                os.wait()
        """,
    "fails in user_map": """
        def user_map(text):
            emit("first")
            if os.fork() == 0:
                raise LookupError("mine")
            os.wait()
        """,
}


@pytest.mark.parametrize("user_map", FORKED.values(), ids=FORKED)
def test_forked_process_that_emits_fails_the_mapper_by_name(user_map: str, tmp_path: Any) -> None:
    said, _ = told(tmp_path, user_map)

    assert said.startswith(
        "RuntimeError: a process that user_map started called emit() or came out of user_map; return the words"
    )
    assert said.count("\n") == 1


def test_forked_process_is_told_at_once(tmp_path: Any) -> None:
    _, errors = told(tmp_path, FORKED["process"])

    assert "RuntimeError: emit() was called in another process than user_map; return the words to the process" in errors


SPAWNED = """
    def user_map(text):
        with ProcessPoolExecutor(1, multiprocessing.get_context("{method}")) as pool:
            {call}(pool.map(emit, ["lost"]))
    """


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_spawned_process_is_told_at_once(method: str, tmp_path: Any) -> None:
    said, _ = told(tmp_path, SPAWNED.format(method=method, call="list"))

    assert said.startswith("RuntimeError: emit() was called in another process than user_map")


@pytest.mark.skipif(sys.platform != "linux", reason="a spawned process finds its parent's page in /proc")
@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_spawned_process_that_emits_fails_the_mapper_even_if_nobody_asks(method: str, tmp_path: Any) -> None:
    said, _ = told(tmp_path, SPAWNED.format(method=method, call="id"))

    assert said.startswith("RuntimeError: a process that user_map started called emit() or came out of user_map")


@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit(0)", "sys.exit()"])
def test_forked_process_that_ends_of_itself_is_no_fault(end: str, tmp_path: Any) -> None:
    said, _ = told(
        tmp_path,
        f"""
        def user_map(text):
            emit("first")
            if os.fork() == 0:
                {end}
            assert os.wait()[1] == 0
            emit("second")
        """,
    )

    assert said == "stored 2\n"


def test_forked_process_that_ends_with_a_message_has_it_printed(tmp_path: Any) -> None:
    said, errors = told(
        tmp_path,
        """
        def user_map(text):
            if os.fork() == 0:
                sys.exit("the child's last words")
            emit(str(os.waitstatus_to_exitcode(os.wait()[1])))
        """,
    )

    assert (said, errors) == ("stored 1\n", "the child's last words\n")


def test_words_that_processes_return_are_emitted(tmp_path: Any) -> None:
    said, _ = told(
        tmp_path,
        """
        def user_map(text):
            with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
                for word in pool.map(str.lower, ["A", "B"] * 5):
                    yield word, 1
        """,
    )

    assert said == "stored 10\n"


def test_emitters_threads_end_with_the_mapper(store: ShuffleStore) -> None:
    before = set(threading.enumerate())

    run(plain_threads)

    wait_until(lambda: set(threading.enumerate()) <= before, "the threads to end")
