"""Known mistakes, to be put into the runtime on purpose: the simulation must find each.

Each is a context manager, and says where it can show.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from runtime import concurrency
from runtime.aws import lambda_service as invoker
from runtime.aws.s3 import S3
from runtime.encoding import encode
from runtime.orchestration import wrapper
from runtime.orchestration.ending import open_runs
from runtime.orchestration.http_sync_s3 import fan_in
from runtime.orchestration.http_sync_s3.stores import s3 as s3_store
from runtime.orchestration.recorder import given_up, overdue
from runtime.orchestration.s3_triggers import lock
from runtime.orchestration.s3_triggers import orchestration as s3_triggers
from runtime.orchestration.values import counters, returns, table
from runtime.orchestration.wrapper import Wrapper
from runtime.ports import ports
from runtime.record import replace
from runtime.run import Run, current_run
from scripts.orchestrations import ORCHESTRATIONS


@dataclass(frozen=True)
class Mistake:
    """A mistake, and where it is looked for.

    Attributes:
        budget: within how many schedules it must be found.
        shuffle: the layout of these schedules; None for what each has drawn.
        noticed: what a run must say that fails of it. Such a mistake never gives a wrong result.
        first: the seed of the first of these schedules; near the one that finds it, where one in a thousand does.
    """

    name: str
    orchestration: str
    make: Callable[[], AbstractContextManager[Any]]
    budget: int = 200
    shuffle: str | None = None
    noticed: str | None = None
    first: int = 0


def _counter_for_the_set() -> AbstractContextManager[Any]:
    def finish(self: table.Table, index: int, size: int) -> bool:
        answer = ports().dynamodb.call(
            "UpdateItem",
            self._name,
            self._key("finished"),
            TableName=self._name,
            Key={"Key": {"S": self._key("finished")}},
            UpdateExpression="ADD Finished :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
            ReturnValues="ALL_NEW",
        )
        assert answer
        return int(answer["Attributes"]["Finished"]["N"]) == size

    return patch.object(table.Table, "finish", finish)


def _claiming(claim: Callable[..., bool]) -> AbstractContextManager[Any]:
    return patch.object(s3_triggers, "claim", claim)


def _no_lock() -> AbstractContextManager[Any]:
    return _claiming(lambda *_, **__: True)


def _lock_without_owner() -> AbstractContextManager[Any]:
    def claim(bucket: str, key: str, owner: str, stale_seconds: float) -> bool:
        return ports().s3.create(bucket, key, encode({"Owner": owner, "Time": ports().clock.time()}))

    return _claiming(claim)


def _lock_of_strangers() -> AbstractContextManager[Any]:
    """Each attempt is another owner: a claimant that died doesn't know its own lock again."""

    def claim(bucket: str, key: str, owner: str, stale_seconds: float) -> bool:
        return lock.claim(bucket, key, owner + str(ports().clock.time()), stale_seconds)

    return _claiming(claim)


def _polling_without_deadline() -> AbstractContextManager[Any]:
    true_wait = fan_in.wait

    def wait(branch: fan_in.Branch, indexes: Any) -> Any:
        return true_wait(replace(branch, deadline=float("inf")), indexes)

    return patch.object(s3_store, "wait", wait)


def _continuation_skipped() -> AbstractContextManager[Any]:
    work = Wrapper._work

    def skip(self: Wrapper, invocation: Any, line: Any) -> Any:
        if self._orchestration.stored(invocation) is not None:
            return {"Session": invocation.run_id}
        return work(self, invocation, line)

    return patch.object(wrapper.Wrapper, "_work", skip)


def _failure_overlooked() -> AbstractContextManager[Any]:
    return patch.object(wrapper, "how_ended", lambda *_: None)


def _values_in_order_of_text() -> AbstractContextManager[Any]:
    def values(self: returns.Returns, function: str, size: int) -> list[Any]:
        keys = sorted(returns.return_key(function, index) for index in range(1, size + 1))
        return concurrency.at_once([lambda key=key: self.must_find(key) for key in keys])

    return patch.object(returns.Returns, "values", values)


def _checkpoint_overwritten() -> AbstractContextManager[Any]:
    def create_or_read(self: S3, bucket: str, key: str, body: bytes) -> bytes:
        self.put(bucket, key, body)
        return body

    return patch.object(S3, "create_or_read", create_or_read)


def _given_up_overlooked() -> AbstractContextManager[Any]:
    return patch.object(given_up, "read", lambda *_: [])


def _lost_answer_is_final() -> AbstractContextManager[Any]:
    return patch.object(invoker, "AnswerLost", invoker.InvokeError)


def _no_sweep() -> AbstractContextManager[Any]:
    """Markers go when the deadline has passed, as they should once a run has ended; but nobody looks whether it has."""

    def forget(run_id: str, own: set[int], settings: Any) -> bool:
        for deadline in own:
            ports().s3.delete(settings.results_bucket, open_runs.marker(run_id, deadline))
        return False

    return patch.object(overdue, "_look_after", forget)


def _each_attempt_counts() -> AbstractContextManager[Any]:
    def store(bucket: str, function: str, run: Run) -> None:
        if run.counters:
            key = f"{counters.folder(str(run.run_id))}{function}/{run.index}-{ports().clock.time()}.json"
            ports().s3.create(bucket, key, encode(run.counters))

    return patch.object(wrapper, "store_counters", store)


@contextmanager
def _counters_after_the_value() -> Iterator[None]:
    work, store = Wrapper._work, wrapper.store_counters

    def work_and_store(self: Wrapper, invocation: Any, line: Any) -> Any:
        answer = work(self, invocation, line)
        store(self._settings.results_bucket, self._settings.function, current_run())
        return answer

    with patch.object(wrapper, "store_counters", lambda *_: None), patch.object(Wrapper, "_work", work_and_store):
        yield


MISTAKES = (
    Mistake("a counter in place of the set", "dynamodb_triggers", _counter_for_the_set),
    Mistake("no lock", "s3_triggers", _no_lock),
    Mistake("lock that doesn't read its owner back", "s3_triggers", _lock_without_owner),
    Mistake("lock that doesn't know its owner again", "s3_triggers", _lock_of_strangers),
    Mistake("polling without deadline", "http_sync_s3", _polling_without_deadline, first=2300),
    Mistake("continuation skipped on duplicate", "http_sync_s3", _continuation_skipped),
    Mistake("continuation skipped on duplicate", "s3_triggers", _continuation_skipped, budget=400),
    Mistake("continuation skipped on duplicate", "dynamodb_triggers", _continuation_skipped),
    Mistake("work goes on after the run has failed", "http_sync_s3", _failure_overlooked, budget=400),
    Mistake("work goes on after the run has failed", "s3_triggers", _failure_overlooked, budget=400),
    Mistake("what a stream gave up is overlooked", "dynamodb_triggers", _given_up_overlooked),
    Mistake("a lost answer is not asked for again", "http_only", _lost_answer_is_final),
    Mistake("no sweep for overdue runs", "http_sync_s3", _no_sweep),
    Mistake("no sweep for overdue runs", "http_only", _no_sweep, budget=400),
    Mistake("no sweep for overdue runs", "s3_triggers", _no_sweep),
    Mistake("no sweep for overdue runs", "dynamodb_triggers", _no_sweep, first=500),
    Mistake("fan-in values in the order of their text", "http_sync_s3", _values_in_order_of_text, budget=1000),
    Mistake("checkpoint overwritten by the second writer", "http_sync_s3", _checkpoint_overwritten),
    Mistake("checkpoint overwritten by the second writer", "s3_triggers", _checkpoint_overwritten),
    *(Mistake("each attempt counts", orchestration, _each_attempt_counts) for orchestration in ORCHESTRATIONS),
    Mistake("counters are stored after the value", "http_sync_s3", _counters_after_the_value),
    Mistake("counters are stored after the value", "s3_triggers", _counters_after_the_value),
    Mistake("counters are stored after the value", "dynamodb_triggers", _counters_after_the_value),
)
