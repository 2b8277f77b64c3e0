"""Known mistakes, to be put into the runtime on purpose: the simulation must find each.

Each is a context manager, and says where it can show.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from uuid import UUID

from runtime.mapreduce import storage
from runtime.mapreduce.keys import Destination
from runtime.mapreduce.objects import writer as objects_writer
from runtime.mapreduce.packed import format, frames, merge, names, reader, writer
from runtime.mapreduce.partitions import list_partitions
from runtime.mapreduce.record import replace
from runtime.mapreduce.run import Run
from runtime.mapreduce.sequence import Values
from runtime.orchestration import ORCHESTRATIONS, fan_in, given_up, invoker, lock, open_runs, overdue, returns, table, wrapper
from runtime.orchestration.envelope import encode
from runtime.orchestration.wrapper import Wrapper
from tests.simulation import seams


@dataclass(frozen=True)
class Mistake:
    """A mistake, and where it is looked for.

    Attributes:
        budget: within how many schedules it must be found.
        shuffle: the layout of these schedules; None for what each has drawn.
        noticed: what a run must say that fails of it. Such a mistake never gives a wrong result.
    """

    name: str
    orchestration: str
    make: Callable[[], AbstractContextManager[Any]]
    budget: int = 200
    shuffle: str | None = None
    noticed: str | None = None


def _random_uuids() -> AbstractContextManager[Any]:
    def uuid(self: Any, occurrence: int) -> str:
        return str(UUID(int=seams.current.world.random.getrandbits(128), version=4))

    return patch.object(objects_writer.ObjectWriter, "_uuid", uuid)


def _counter_for_the_set() -> AbstractContextManager[Any]:
    def finish(self: table.Table, index: int, size: int) -> bool:
        answer = table._call(
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


@contextmanager
def _claiming(claim: Callable[..., bool]) -> Iterator[None]:
    # The seams wrap `claim` of the module `seams` for each simulation.
    with patch.object(seams, "claim", claim):
        yield


def _no_lock() -> AbstractContextManager[Any]:
    return _claiming(lambda *_, **__: True)


def _lock_without_owner() -> AbstractContextManager[Any]:
    def claim(bucket: str, key: str, owner: str, stale_seconds: float, now: Callable[[], float]) -> bool:
        return storage.create(bucket, key, encode({"Owner": owner, "Time": now()}))

    return _claiming(claim)


def _lock_of_strangers() -> AbstractContextManager[Any]:
    """Each attempt is another owner: a claimant that died doesn't know its own lock again."""

    def claim(bucket: str, key: str, owner: str, stale_seconds: float, now: Callable[[], float]) -> bool:
        return lock.claim(bucket, key, owner + str(now()), stale_seconds, now)

    return _claiming(claim)


def _polling_without_deadline() -> AbstractContextManager[Any]:
    true_wait = fan_in.wait

    def wait(size: int, **arguments: Any) -> Any:
        return true_wait(size, **{**arguments, "deadline": float("inf")})

    return patch.object(fan_in, "wait", wait)


def _continuation_skipped() -> AbstractContextManager[Any]:
    work = Wrapper._work

    def skip(self: Wrapper, invocation: Any, line: Any) -> Any:
        if self._orchestration.stored(invocation) is not None:
            return {"Session": invocation.envelope.run_id}
        return work(self, invocation, line)

    return patch.object(wrapper.Wrapper, "_work", skip)


def _failure_overlooked() -> AbstractContextManager[Any]:
    return patch.object(wrapper, "how_ended", lambda *_: None)


def _first_page_only() -> AbstractContextManager[Any]:
    def list_objects(bucket: str, prefix: str, after: str | None = None, until: str | None = None) -> Iterator[storage.Listed]:
        pages = iter(storage.obstore.list(storage._open(bucket), prefix or None, offset=after, chunk_size=storage.PAGE_SIZE))
        yield from ((item["path"], item["size"]) for item in next(pages, ()))

    return patch.object(storage, "list_objects", list_objects)


def _values_in_order_of_text() -> AbstractContextManager[Any]:
    def values(self: returns.Returns, function: str, size: int) -> list[Any]:
        keys = sorted(returns.return_key(function, index) for index in range(1, size + 1))
        return returns.in_order([lambda key=key: self.must_find(key) for key in keys])

    return patch.object(returns.Returns, "values", values)


def _partitions_in_order_of_text() -> AbstractContextManager[Any]:
    def in_order_of_text(destination: object, shuffle: object, mappers: int) -> list[str]:
        return sorted(list_partitions(destination, shuffle, mappers))

    return patch("functions.partition.partition.list_partitions", in_order_of_text)


def _checkpoint_overwritten() -> AbstractContextManager[Any]:
    def create_or_read(bucket: str, key: str, body: bytes) -> bytes:
        storage.put(bucket, key, body)
        return body

    return patch.object(storage, "create_or_read", create_or_read)


def _given_up_overlooked() -> AbstractContextManager[Any]:
    return patch.object(given_up, "read", lambda *_: [])


def _lost_answer_is_final() -> AbstractContextManager[Any]:
    return patch.object(invoker, "AnswerLost", invoker.InvokeError)


def _no_sweep() -> AbstractContextManager[Any]:
    """Markers go when the deadline has passed, as they should once a run has ended; but nobody looks whether it has."""

    def forget(run_id: str, own: set[int], settings: Any) -> bool:
        for deadline in own:
            storage.delete(settings.results_bucket, open_runs.marker(run_id, deadline))
        return False

    return patch.object(overdue, "_look_after", forget)


@contextmanager
def _attempts_that_differ() -> Iterator[None]:
    """Each attempt of a mapper writes other bytes, and the put of one is so late that partition has read another's index."""
    store = names.store

    def encode(words: list[str], runs: list[Any], size: int) -> Iterator[bytes]:
        return frames.encode_frames(words, runs, seams.current.world.random.randrange(1, 40))

    def store_late(where: Destination, name: str, run: Run, size: int, chunks: Callable[[], Iterator[bytes]]) -> None:
        simulation = seams.current
        attempts: dict[str, set[bytes]] = vars(simulation).setdefault("attempts", {})
        if name != names.MERGED:
            attempts.setdefault(names.directory(where) + name, set()).add(b"".join(chunks()))
        store(where, name, run, size, chunks)
        if name == names.MERGED:
            for key, bodies in attempts.items():
                late = sorted(bodies - {simulation.buckets.find(where.bucket, key).body})
                _overwrite_soon(where.bucket, key, late[0] if late else None)

    with patch.object(writer, "encode_frames", encode), patch.object(names, "store", store_late):
        yield


def _index_of_another_run() -> AbstractContextManager[Any]:
    """Runs have one directory in common, and another run's partition writes its index a little later."""
    store = names.store

    def collide(where: Destination, name: str, run: Run, size: int, chunks: Callable[[], Iterator[bytes]]) -> None:
        store(where, name, run, size, chunks)
        if name == names.MERGED and seams.current.scenario.small_blocks:
            body = b"".join(chunks())
            others = replace(format.parse(name, body, len(body)), run="run0", emitted=0, written=0, blocks=())
            _overwrite_soon(where.bucket, names.directory(where) + name, b"".join(format.build(others, ())))

    return patch.object(names, "store", collide)


def _overwrite_soon(bucket: str, key: str, body: bytes | None) -> None:
    """Change an object behind the back of the observer, who would see it at once: here it is the run that has to notice."""

    def overwrite() -> None:
        objects = seams.current.buckets.objects[bucket]
        if key in objects and body is not None:
            objects[key] = objects[key]._replace(body=body)

    seams.current.world.after(seams.current.world.random.expovariate(10), overwrite)


def _block_read_twice() -> AbstractContextManager[Any]:
    fetch = reader._fetch

    def twice(where: Destination, references: list[Any], spool: Any) -> Iterator[Any]:
        for reference, parts in zip(references, fetch(where, references, spool), strict=True):
            yield parts if reference.inlined is not None else [*parts, *map(copy, parts)]

    return patch.object(reader, "_fetch", twice)


def _last_segment_dropped() -> AbstractContextManager[Any]:
    draft = writer.PackedWriter._draft

    def shortened(self: writer.PackedWriter, number: int) -> Any:
        segments = self._segments
        self._segments = segments[:1] + segments[1:-1]
        try:
            return draft(self, number)
        finally:
            self._segments = segments

    return patch.object(writer.PackedWriter, "_draft", shortened)


def _merged_as_read() -> AbstractContextManager[Any]:
    def take(self: Any, before: str | None) -> Iterator[tuple[str, Any]]:
        for word in merge._before(self._runs, before):
            yield word, Values(merge._pairs(self._runs.pop(word)))

    return patch.object(merge._AnyValues, "take", take)


MISTAKES = (
    Mistake("random uuids in emit", "sfn", _random_uuids, 400, "objects", "probably user_map emitted"),
    Mistake("random uuids in emit", "http_sync_s3", _random_uuids, 400, "objects", "probably user_map emitted"),
    Mistake("random uuids in emit", "http_only", _random_uuids, 400, "objects", "probably user_map emitted"),
    Mistake("random uuids in emit", "s3_triggers", _random_uuids, 400, "objects", "probably user_map emitted"),
    Mistake(
        "random uuids in emit", "dynamodb_triggers", _random_uuids, 400, "objects", "probably user_map emitted something else"
    ),
    Mistake("a counter in place of the set", "dynamodb_triggers", _counter_for_the_set),
    Mistake("no lock", "s3_triggers", _no_lock),
    Mistake("lock that doesn't read its owner back", "s3_triggers", _lock_without_owner),
    Mistake("lock that doesn't know its owner again", "s3_triggers", _lock_of_strangers),
    Mistake("polling without deadline", "http_sync_s3", _polling_without_deadline, budget=3000),
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
    Mistake("no sweep for overdue runs", "dynamodb_triggers", _no_sweep, budget=1000),
    Mistake("first page only", "sfn", _first_page_only, shuffle="objects"),
    Mistake("first page only", "http_sync_s3", _first_page_only, shuffle="objects"),
    Mistake("first page only", "s3_triggers", _first_page_only, shuffle="objects"),
    Mistake("fan-in values in the order of their text", "http_sync_s3", _values_in_order_of_text, budget=1000),
    Mistake("partitions in the order of their text", "sfn", _partitions_in_order_of_text, budget=400, shuffle="objects"),
    Mistake("checkpoint overwritten by the second writer", "http_sync_s3", _checkpoint_overwritten),
    Mistake("checkpoint overwritten by the second writer", "s3_triggers", _checkpoint_overwritten),
    *(
        Mistake("block of another attempt", name, _attempts_that_differ, 1000, "packed", "the checksum of the block")
        for name in ORCHESTRATIONS
    ),
    Mistake("index of another run", "sfn", _index_of_another_run, 400, "packed", "belongs to run 'run0'"),
    Mistake("index of another run", "s3_triggers", _index_of_another_run, 400, "packed", "belongs to run 'run0'"),
    Mistake("block read twice", "http_sync_s3", _block_read_twice, 200, "packed", "is not read as it was written"),
    Mistake("last segment dropped", "http_only", _last_segment_dropped, 200, "packed", "were written"),
    Mistake("merge out of order", "dynamodb_triggers", _merged_as_read, 1000, "packed"),
)
