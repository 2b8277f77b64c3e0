"""emit: the same keys for the same work, puts beside the running map, nothing lost and nothing left running."""

import random
import threading
import uuid
from collections import Counter
from contextvars import copy_context

import pytest

from runtime import mapreduce
from runtime.aws.errors import StorageError
from runtime.mapreduce import emit, emitting
from runtime.mapreduce.objects.sender import CONCURRENCY
from runtime.ports import ports
from runtime.run import Run, within
from tests.fakes.shuffle_store import ShuffleStore
from tests.fakes.waiting import PATIENCE_SECONDS, wait_until

WORDS = ["to", "be", "or", "not", "to", "be", "be"]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> ShuffleStore:
    return use(ShuffleStore(), monkeypatch)


def use(store: ShuffleStore, monkeypatch: pytest.MonkeyPatch) -> ShuffleStore:
    monkeypatch.setattr(ports().s3, "put_once", store.put)
    return store


def keys_of(words: list[str], monkeypatch: pytest.MonkeyPatch, run: Run | None = None, reducers: int = 3) -> set[str]:
    store = use(ShuffleStore(), monkeypatch)
    with within(run or Run()), emitting("my-bucket", reducers):
        for word in words:
            emit(word)
    return set(store.objects)


def emit_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("emit")]


def test_one_object_for_each_emit(store: ShuffleStore) -> None:
    with emitting("my-bucket", 3):
        for word in WORDS:
            emit(word)

    assert Counter(key.split("/")[1] for key in store.objects) == Counter(WORDS)
    assert store.buckets == {"my-bucket"}


def test_second_mapper_run_stores_the_same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    assert keys_of(WORDS, monkeypatch, Run("run1", 2)) == keys_of(WORDS, monkeypatch, Run("run1", 2))


def test_another_order_of_the_words_gives_the_same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    shuffled = random.Random(1).sample(WORDS, len(WORDS))

    assert shuffled != WORDS
    assert keys_of(shuffled, monkeypatch, Run("run1")) == keys_of(WORDS, monkeypatch, Run("run1"))


@pytest.mark.parametrize("other", [Run("run1", 2), Run("run2", 1)])
def test_another_mapper_or_run_gives_other_keys(other: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {key.rpartition("/")[2] for key in keys_of(WORDS, monkeypatch, Run("run1", 1))}
    others = {key.rpartition("/")[2] for key in keys_of(WORDS, monkeypatch, other)}

    assert names & others == set()


def test_golden_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert keys_of(["he’ll"], monkeypatch, Run("run1", 3)) == {"run1/reducer0/he’ll/a29fe310-dc79-566a-a710-0745a353cd6c"}


def test_outside_a_run_names_are_random(monkeypatch: pytest.MonkeyPatch) -> None:
    (one,), (other,) = keys_of(["to"], monkeypatch), keys_of(["to"], monkeypatch)

    assert one != other
    assert uuid.UUID(one.rpartition("/")[2]).version == 4


def test_long_word_is_the_body_of_its_objects(store: ShuffleStore) -> None:
    with emitting("my-bucket", 1):
        emit("w" * 600)
        emit("short")

    assert sorted(store.objects.values()) == [b"", b"w" * 600]


def test_puts_start_while_the_map_runs(store: ShuffleStore) -> None:
    with emitting("my-bucket", 3):
        emit("to")
        started_before_the_end = store.wait_for_started(1)

    assert started_before_the_end


def test_mapper_ends_only_when_all_is_stored(store: ShuffleStore) -> None:
    store.hold()
    with emitting("my-bucket", 3):
        for word in WORDS:
            emit(word)
        store.wait_for_started(len(WORDS))
        stored_before_the_end = len(store.objects)
        store.release()

    assert (stored_before_the_end, len(store.objects)) == (0, len(WORDS))


def test_emit_blocks_when_twice_the_concurrency_is_in_flight(store: ShuffleStore) -> None:
    emitted = []

    def mapper() -> None:
        with emitting("my-bucket", 3):
            for number in range(3 * CONCURRENCY):
                emit(f"w{number}")
                emitted.append(number)

    store.hold()
    thread = threading.Thread(target=copy_context().run, args=(mapper,))
    thread.start()
    wait_until(lambda: len(emitted) >= 2 * CONCURRENCY, "the flight to be full")
    blocked = not wait_is_over(thread, emitted)
    in_flight, under_way = len(emitted), len(store.started)
    store.release()
    thread.join(PATIENCE_SECONDS)

    assert blocked
    assert (in_flight, under_way) == (2 * CONCURRENCY, CONCURRENCY)
    assert len(store.objects) == 3 * CONCURRENCY


def wait_is_over(thread: threading.Thread, emitted: list[int]) -> bool:
    """Whether the mapper got further, though nothing was stored meanwhile."""
    thread.join(0.2)
    return len(emitted) > 2 * CONCURRENCY


def refusing(word: str) -> ShuffleStore:
    def refuse(key: str) -> Exception | None:
        return StorageError("s3:PutObject", "my-bucket", key, "503 SlowDown") if f"/{word}/" in key else None

    return ShuffleStore(refuse)


def test_failed_put_surfaces_at_the_end_and_names_bucket_key_and_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    use(refusing("bad"), monkeypatch)

    with (
        pytest.raises(StorageError, match=r"s3:PutObject on s3://my-bucket/reducer\d/bad/.* failed: 503 SlowDown"),
        emitting("my-bucket", 3),
    ):
        emit("bad")


def test_failed_put_surfaces_from_a_later_emit(monkeypatch: pytest.MonkeyPatch) -> None:
    use(refusing("bad"), monkeypatch)
    emitted: list[str] = []

    def mapper() -> None:
        emit("bad")
        while len(emitted) < 100_000:
            emit("good")
            emitted.append("good")

    with pytest.raises(StorageError), emitting("my-bucket", 3):
        mapper()

    assert len(emitted) < 100_000


def test_failure_that_the_map_swallows_surfaces_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    use(refusing("bad"), monkeypatch)

    def swallow() -> None:
        for _ in range(1000):
            try:
                emit("bad")
            except StorageError:
                return

    with pytest.raises(StorageError, match="SlowDown"), emitting("my-bucket", 3):
        swallow()


def test_first_failure_is_the_one_that_surfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    second_may_fail = threading.Event()

    def refuse(key: str) -> Exception:
        if "/second/" in key:
            second_may_fail.wait(PATIENCE_SECONDS)
            return StorageError("s3:PutObject", "my-bucket", key, "second")
        return StorageError("s3:PutObject", "my-bucket", key, "first")

    store = use(ShuffleStore(refuse), monkeypatch)

    def mapper() -> None:
        emit("second")
        store.wait_for_started(1)
        emit("first")
        try:
            while True:
                emit("first")
        except StorageError:  # swallowed, and now the other put may fail too
            second_may_fail.set()

    with pytest.raises(StorageError, match="first"), emitting("my-bucket", 3):
        mapper()


def test_nothing_that_waits_is_stored_after_the_map_raised(store: ShuffleStore) -> None:
    def broken_map() -> None:
        for number in range(2 * CONCURRENCY):
            emit(f"w{number}")
        store.wait_for_started(CONCURRENCY)
        threading.Timer(0.05, store.release).start()
        raise LookupError("broken map")

    store.hold()
    with pytest.raises(LookupError, match="broken map"), emitting("my-bucket", 3):
        broken_map()

    assert len(store.started) == CONCURRENCY


@pytest.mark.parametrize("fails", [False, True])
def test_threads_have_ended(fails: bool, store: ShuffleStore) -> None:
    try:
        with emitting("my-bucket", 3):
            emit("to")
            during = emit_threads()
            if fails:
                raise LookupError
    except LookupError:
        pass

    assert during
    assert emit_threads() == []


def test_emit_outside_a_mapper_is_refused() -> None:
    with pytest.raises(RuntimeError, match="only while a mapper runs"):
        emit("to")


def test_emit_after_the_mapper_is_refused(store: ShuffleStore) -> None:
    with emitting("my-bucket", 3):
        emit("to")

    with pytest.raises(RuntimeError, match="only while a mapper runs"):
        emit("be")
    assert len(store.objects) == 1


@pytest.mark.parametrize("word", [None, 3, b"to", ["to"]])
def test_word_that_is_no_string_is_refused(word: object, store: ShuffleStore) -> None:
    with pytest.raises(TypeError, match="takes a word, a string"), emitting("my-bucket", 3):
        emit(word)  # type: ignore[arg-type]

    assert store.objects == {}


def test_lone_surrogate_is_refused(store: ShuffleStore) -> None:
    with pytest.raises(ValueError, match="lone surrogate"), emitting("my-bucket", 3):
        emit("a\ud800")

    assert store.objects == {}


@pytest.mark.parametrize("reducers", [0, -1, 1.0, "3", None, True])
def test_number_of_reducers_must_be_a_whole_number_from_1(reducers: object) -> None:
    with pytest.raises(ValueError, match='"numReducer" must be a whole number from 1'), emitting("my-bucket", reducers):
        pass


def test_requests_are_counted_for_the_run(store: ShuffleStore) -> None:
    run = Run("run1")

    with within(run), emitting("my-bucket", 3):
        for word in WORDS:
            emit(word)

    assert run.requests == {"s3.PutObject": len(WORDS) + 1}  # and one for the proof


@pytest.mark.parametrize("name", [name for names in mapreduce._HOMES.values() for name in names])
def test_every_name_of_the_package_is_found_in_its_module(name: str) -> None:
    vars(mapreduce).pop(name, None)

    assert getattr(mapreduce, name) is not None


def test_name_that_the_package_has_not_is_told() -> None:
    with pytest.raises(AttributeError, match=r"module 'runtime\.mapreduce' has no attribute 'emit_none'"):
        mapreduce.emit_none  # noqa: B018
