"""Return values as keys of a Redis or Valkey (7 or later), under the deployment's and the run's name.

    {prefix}{{run}}/{function}/{index}    JSON {"Value": ...}, or {"Pointer": key in the returns bucket} of a value too large
    {prefix}{{run}}/{function}/finished   set of the indexes that have returned
    {prefix}{{run}}/{function}/wake       list; whoever completes the set pushes one element, for the branch that waits

e.g. `wordcount-http_sync_s3-{20261123-a1}/square/3`. The braces are part of the keys: they keep a run's keys in one slot, so that
a request may name several of them. Every key expires.

The branch whose index equals the size waits in a blocking read of `wake`, some seconds at a time. Only the size of the set
decides. A lost element costs the rest of such a wait, and one too many makes the branch look early.

        branch 2 of 3                        branch 3 of 3
        SADD finished 2; SCARD -> 2          SADD finished 3; SCARD -> 1
                                             BLPOP wake  ...
        branch 1 of 3                         :
        SADD finished 1; SCARD -> 3           :
        RPUSH wake 1  - - - - - - - - - - ->  SCARD -> 3: complete
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.exceptions import RedisError

from runtime.aws.errors import StorageError
from runtime.encoding import encode
from runtime.orchestration.http_sync_s3.fan_in import Branch, Outcome, Waited
from runtime.orchestration.http_sync_s3.stores import ReturnStore
from runtime.orchestration.http_sync_s3.stores.redis_connection import connect
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import Returns, return_key
from runtime.ports import ports
from runtime.run import current_run

EXPIRES_SECONDS = 48 * 3600
"""Longer than the day that a fan-in may wait; much less than a table keeps, for the reason above."""

SLICE_SECONDS = 2.0
_SHORTEST_SLICE_SECONDS = 0.01  # 0 would block for ever
_BATCH = 100


class RedisStoreError(StorageError):
    """A command to Redis failed after all retries."""

    def __str__(self) -> str:
        return f"{self.action} on {self.key} failed: {self.cause}"


def make(settings: Settings, run_id: str) -> ReturnStore:
    """Open a run's store."""
    client = connect(settings.redis)
    return RedisStore(client, settings.function_prefix, run_id, Returns(settings.returns_bucket, run_id))


class RedisStore(ReturnStore):
    """Keep return values as keys; the last branch by index sleeps until the set of indexes is complete."""

    source = "redis"

    def __init__(self, client: Any, prefix: str, run_id: str, objects: Returns) -> None:
        super().__init__(objects)
        self._client, self._prefix = client, run_prefix(prefix, run_id)

    def create_or_read(self, function: str, index: int, value: Any) -> Any:
        """Set a key unless it is there, and learn what was there, with one command."""
        held: dict[str, Any] = {"Value": value}
        if len(encode(value)) > ports().limits.redis_bytes:
            # The object's first writer wins as well: what the pointer leads to never changes.
            pointer = return_key(function, index)
            value, held = self._objects.create_or_read(pointer, value), {"Pointer": pointer}
        key = self._key(function, index)
        with _command("SET", key):
            before = self._client.set(key, encode(held), nx=True, get=True, ex=EXPIRES_SECONDS)
        return value if before is None else self._value(before)

    def find(self, function: str, index: int) -> Found | None:
        """Read a key."""
        key = self._key(function, index)
        with _command("GET", key):
            body = self._client.get(key)
        return None if body is None else Found(self._value(body))

    def values(self, function: str, size: int) -> list[Any]:
        """Read a hundred keys with each command."""
        keys = [self._key(function, index) for index in range(1, size + 1)]
        found: list[Any] = []
        for start in range(0, size, _BATCH):
            batch = keys[start : start + _BATCH]
            with _command("MGET", batch[0]):
                bodies = self._client.mget(batch)
            for key, body in zip(batch, bodies, strict=True):
                if body is None:
                    raise RedisStoreError("redis:MGET", "", key, "no such value in this run: it expired, or was evicted")
                found.append(self._value(body))
        return found

    def fan_in(self, branch: Branch) -> Waited | None:
        """Add the index; wait, if this is the last branch by index, else wake that one up if this one completed the set."""
        returned = self._add(branch)
        if branch.index == branch.size:
            return self._wait(branch, returned)
        if returned >= branch.size:
            key = self._key(branch.function, "wake")
            with _command("RPUSH", key):
                self._client.pipeline(transaction=True).rpush(key, 1).expire(key, EXPIRES_SECONDS).execute()
        return None

    def _add(self, branch: Branch) -> int:
        """Add the index to those that have returned. Return how many have."""
        key = self._key(branch.function, "finished")
        with _command("SADD", key):
            pipeline = self._client.pipeline(transaction=True)
            pipeline.sadd(key, branch.index).expire(key, EXPIRES_SECONDS).scard(key)
            return int(pipeline.execute()[2])

    def _wait(self, branch: Branch, returned: int) -> Waited:
        """Wait as `fan_in.wait` does, with a blocking read in place of a pause."""
        finished, wake, looks = self._key(branch.function, "finished"), self._key(branch.function, "wake"), 1
        while returned < branch.size:
            now = branch.clock.time()
            if now >= branch.deadline:
                return Waited(Outcome.EXPIRED, self._missing(branch), looks)
            if now + _SHORTEST_SLICE_SECONDS >= branch.invocation_ends:
                return Waited(Outcome.OUT_OF_TIME, frozenset(), looks)
            # Not before the first pause: a run that has just begun has hardly ended.
            if looks > 1 and branch.has_ended():
                return Waited(Outcome.ENDED, frozenset(), looks)
            pause = min(SLICE_SECONDS, branch.deadline - now, branch.invocation_ends - now)
            with _command("BLPOP", wake):
                self._client.blpop([wake], timeout=max(pause, _SHORTEST_SLICE_SECONDS))
            with _command("SCARD", finished):
                returned, looks = self._client.scard(finished), looks + 1
        return Waited(Outcome.COMPLETE, frozenset(), looks)

    def _missing(self, branch: Branch) -> frozenset[int]:
        key = self._key(branch.function, "finished")
        with _command("SMEMBERS", key):
            returned = {int(index) for index in self._client.smembers(key)}
        return frozenset(range(1, branch.size + 1)) - returned

    def _value(self, body: bytes) -> Any:
        held = json.loads(body)
        return held["Value"] if "Value" in held else self._objects.must_find(held["Pointer"])

    def _key(self, function: str, name: str | int) -> str:
        return f"{self._prefix}{function}/{name}"


def run_prefix(prefix: str, run_id: str) -> str:
    """Return what the keys of a run begin with. A client finds them by it."""
    return f"{prefix}{{{run_id}}}/"


@contextmanager
def _command(name: str, key: str) -> Iterator[None]:
    """Count a command, and translate its errors once."""
    current_run().requests[f"redis.{name}"] += 1
    try:
        yield
    except RedisError as error:
        raise RedisStoreError(f"redis:{name}", "", key, f"{type(error).__name__}: {error}") from error
