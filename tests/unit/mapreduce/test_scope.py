"""Who may call emit: threads and tasks that a map waits for; and what becomes of a mapper when somebody else does."""

import asyncio
import contextvars
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest

from runtime.mapreduce import emit, emitting
from runtime.ports import ports
from runtime.run import Run, within
from tests.fakes.shuffle_store import ShuffleStore
from tests.unit.mapreduce.mappers import WORDS, Map, counts, emit_all, plain_threads, run


def pool_with_waiting(text: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(emit, WORDS))


def pool_whose_futures_nobody_asks(text: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        pool.map(emit, WORDS)


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
        monkeypatch.setattr(ports().s3, "put_once", store.put)
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
