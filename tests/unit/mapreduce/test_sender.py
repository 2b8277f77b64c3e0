"""The sender: what S3 refuses is put again until the invocation's time is up, and then the mapper says how far it came."""

import threading
import time
from collections import Counter

import pytest

from runtime.aws.errors import NoAnswerError, SlowDownError, StorageError, TransientError
from runtime.mapreduce import emit, emitting
from runtime.mapreduce.objects.pace import Pace
from runtime.mapreduce.objects.sender import OutOfTimeError, Sender
from runtime.ports import ports
from runtime.run import Run, within
from tests.fakes.shuffle_store import ShuffleStore
from tests.fakes.waiting import PATIENCE_SECONDS, wait_until


def slow_down(key: str) -> SlowDownError:
    return SlowDownError("s3:PutObject", "my-bucket", key, "503 SlowDown")


class Refusing(ShuffleStore):
    """Refuses each key `times` times with an error of this kind; None for ever."""

    def __init__(self, times: int | None, kind: type[StorageError] = SlowDownError) -> None:
        super().__init__(self._refuse_some)
        self._times, self._kind = times, kind
        self.refused: Counter[str] = Counter()
        self._counting = threading.Lock()

    def _refuse_some(self, key: str) -> StorageError | None:
        with self._counting:
            if self._times is not None and self.refused[key] >= self._times:
                return None
            self.refused[key] += 1
        return self._kind("s3:PutObject", "my-bucket", key, "not now")


def use(store: ShuffleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports().s3, "put_once", store.put)
    monkeypatch.setattr(ports().clock, "random", lambda: 0.01)


def run_for(seconds: float, **place: int) -> Run:
    return Run("run1", deadline=time.monotonic() + seconds, **place)


@pytest.mark.parametrize("kind", [SlowDownError, NoAnswerError])
def test_put_that_s3_does_not_take_is_made_again(kind: type[StorageError], monkeypatch: pytest.MonkeyPatch) -> None:
    store = Refusing(15, kind)
    use(store, monkeypatch)

    with within(run_for(PATIENCE_SECONDS)), emitting("my-bucket", 3):
        emit("to")

    assert len(store.objects) == 1
    assert sum(store.refused.values()) == 15


def test_put_without_an_answer_is_made_again_after_longer_and_longer_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    use(Refusing(6, NoAnswerError), monkeypatch)
    waits: list[float] = []
    monkeypatch.setattr(ports().clock, "random", lambda: 1.0)
    monkeypatch.setattr(ports().clock, "wait", lambda event, seconds: waits.append(seconds))
    sender = Sender("my-bucket", run_for(PATIENCE_SECONDS))

    sender.send("run1/reducer0/to/1", b"")
    sender.finish()

    assert [pytest.approx(pause) for pause in (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)] == [wait for wait in waits if wait >= 0.1]


def test_put_that_s3_refuses_for_good_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Refusing(1, StorageError)
    use(store, monkeypatch)

    with pytest.raises(StorageError, match="not now"), within(run_for(PATIENCE_SECONDS)), emitting("my-bucket", 3):
        emit("to")

    assert sum(store.refused.values()) == 1


def test_retries_are_counted_apart_from_the_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    use(Refusing(3), monkeypatch)
    run = run_for(PATIENCE_SECONDS)

    with within(run), emitting("my-bucket", 3):
        emit("to")
        emit("be")

    assert (run.requests, run.retries) == ({"s3.PutObject": 2 + 1}, {"s3:PutObject": 6})  # one is the proof's


def test_puts_go_on_after_a_pause_in_which_nothing_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    store = ShuffleStore()
    use(store, monkeypatch)

    with within(run_for(PATIENCE_SECONDS)), emitting("my-bucket", 3):
        for number in range(1, 4):
            emit(f"w{number}")
            wait_until(lambda number=number: len(store.objects) == number, "the put to end")  # type: ignore[misc]

    assert len(store.objects) == 3


def test_many_threads_may_send_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def work() -> None:
        for _ in range(100):
            emit("w")

    store = ShuffleStore()
    use(store, monkeypatch)

    with within(run_for(PATIENCE_SECONDS)), emitting("my-bucket", 3):
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(store.objects) == len(store.started) == 800


def test_mapper_whose_time_runs_out_says_how_far_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse_bad(key: str) -> StorageError | None:
        return slow_down(key) if "/bad/" in key else None

    def mapper() -> None:
        for word in ("good", "fine", "bad"):
            emit(word)

    use(ShuffleStore(refuse_bad), monkeypatch)

    with pytest.raises(OutOfTimeError) as raised, within(run_for(0.5)), emitting("my-bucket", 3):
        mapper()

    error = raised.value
    assert (error.emitted, error.stored) == (3, 2)
    assert error.refused
    assert "2 of the 3 words emitted so far are stored" in str(error)
    assert "503 SlowDown" in str(error)
    assert "--chunk-bytes" in str(error)
    assert "timeout_seconds" in str(error)


def test_emit_that_waits_for_room_ends_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    use(Refusing(None), monkeypatch)
    emitted = []

    def mapper() -> None:
        for number in range(100_000):
            emit(f"w{number}")
            emitted.append(number)

    with pytest.raises(OutOfTimeError), within(run_for(0.5)), emitting("my-bucket", 3):
        mapper()

    assert len(emitted) < 100_000


def test_map_that_takes_all_the_time_is_told_at_its_next_emit(monkeypatch: pytest.MonkeyPatch) -> None:
    use(ShuffleStore(), monkeypatch)

    with pytest.raises(OutOfTimeError), within(run_for(-1)), emitting("my-bucket", 3):
        emit("to")


def test_put_that_hangs_holds_up_no_mapper_beyond_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def mapper() -> None:
        emit("to")
        store.wait_for_started(1)

    store = ShuffleStore()
    use(store, monkeypatch)
    store.hold()

    try:
        with pytest.raises(OutOfTimeError), within(run_for(0.2)), emitting("my-bucket", 3):
            mapper()
        ended_while_it_hung = not store.objects
    finally:
        store.release()

    assert ended_while_it_hung


def test_map_that_fails_waits_for_no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Refusing(None)
    use(store, monkeypatch)
    monkeypatch.setattr(ports().clock, "random", lambda: 10_000.0)

    def broken_map() -> None:
        emit("to")
        store.wait_for_started(1)
        raise LookupError("broken map")

    with pytest.raises(LookupError, match="broken map"), within(run_for(PATIENCE_SECONDS)), emitting("my-bucket", 3):
        broken_map()

    assert store.objects == {}


@pytest.mark.parametrize(("kind", "slower"), [(SlowDownError, True), (NoAnswerError, False)])
def test_refusal_slows_the_mapper_down_and_a_lost_answer_does_not(
    kind: type[TransientError], slower: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(Refusing(2, kind), monkeypatch)
    sender = Sender("my-bucket", run_for(PATIENCE_SECONDS))
    at_first = sender._pace.rate

    sender.send("key", b"")
    sender.finish()
    sender.abandon()

    assert (sender._pace.rate < at_first) is slower


def test_pace_is_that_of_the_fan_outs_size() -> None:
    sender = Sender("my-bucket", run_for(PATIENCE_SECONDS, size=7))
    sender.abandon()

    assert sender._pace.rate == Pace(7, 0.0, 0.0).rate
