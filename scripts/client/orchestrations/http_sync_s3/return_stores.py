"""What the client does with the return values of http_sync_s3: tell from them how far a run is and what it lacks; remove them.

One class for each store; see runtime.orchestration.http_sync_s3.stores for their keys. An ElastiCache lies in a network that no
client is in: then all of that is unknown, and keys expire by themselves.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar

from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import return_key
from scripts.client.aws import finished, objects
from scripts.client.aws.clients import Aws
from scripts.client.aws.items import Table
from scripts.client.errors import StorageError
from scripts.client.stored import checked
from scripts.workflow import Workflow

TABLE = "returns"
_KEYS_AT_ONCE = 500
_SECONDS = 5.0
_VALUE = re.compile(r"([1-9][0-9]*)\.json")


class ReturnStore:
    """The return values of one run, in a store that no client can reach. Whatever asks one may raise StorageError."""

    last_continues: ClassVar[bool] = True
    """Whether it is always the last branch by index that continues when all have returned; else it is who completes the set."""

    def __init__(self, aws: Aws, run_id: str) -> None:
        self._aws, self._run_id = aws, run_id

    def indexes(self, function: str) -> set[int] | None:
        """Which invocations of a function have returned; None where that is unknown."""
        return None

    def value(self, function: str) -> Found | None:
        """What a function outside a fan-out returned; None if it has not, or if nobody knows. Raises UsageError: it is gone."""
        return None

    def unfinished(self, function: str, size: int) -> set[int] | None:
        """Which of the branches 1 to `size` must be invoked (again) to make the fan-in complete; None where that is unknown.

        When none of them must, the last by index must run again to continue, if the run has not.

        Raises:
            UsageError: a branch has returned, and its value is gone.
        """
        indexes = self.indexes(function)
        return None if indexes is None else checked.missing(size, indexes)

    def remove(self, workflow: Workflow, sizes: Callable[[], Mapping[str, int]]) -> None:
        """Delete them, but for objects in the returns bucket.

        `sizes` finds out how many branches the fan-outs have, as far as that is known. It costs requests: only who needs it asks.
        """

    def _object(self, function: str) -> bytes | None:
        return objects.read(self._aws.store("returns"), f"{self._run_id}/{return_key(function, 1)}")


class InBucket(ReturnStore):
    """s3: objects `{run}/{function}/{index}.json`."""

    def indexes(self, function: str) -> set[int]:
        """By their names."""
        directory = f"{self._run_id}/{function}/"
        names = (key.removeprefix(directory) for key in objects.names(self._aws.store("returns"), directory))
        return {int(match[1]) for name in names if (match := _VALUE.fullmatch(name))}

    def value(self, function: str) -> Found | None:
        """Read the object."""
        body = self._object(function)
        return None if body is None else Found(checked.parsed(body, f"{function}'s value"))


class InTable(ReturnStore):
    """dynamodb: items `{run}/{function}/{index}`, and the sets of those that have returned."""

    last_continues = False

    def indexes(self, function: str) -> set[int]:
        """Those that have joined the sets."""
        return finished.returned(self._items(function))

    def value(self, function: str) -> Found | None:
        """Read the item, or the object that it points to."""
        return finished.value(self._aws, self._run_id, function, self._items(function).find(1))

    def unfinished(self, function: str, size: int) -> set[int]:
        """Those that have not joined the sets."""
        return finished.unfinished(self._items(function), size)

    def remove(self, workflow: Workflow, sizes: Callable[[], Mapping[str, int]]) -> None:
        """Delete by key, from the end of the flow; the sets, which tell what there is, after the rest."""
        known = sizes()
        for place in reversed(workflow.steps[:-1]):
            items = self._items(place.name)
            if place.takes != "branch":
                items.remove([1])
                continue
            indexes = self.indexes(place.name) | set(range(1, known.get(place.name, 0) + 1))
            items.remove(sorted(indexes))
            items.remove(finished.names(max(indexes, default=0)))

    def _items(self, function: str) -> Table:
        return Table(self._aws.client("dynamodb"), self._aws.deployment.table(TABLE), f"{self._run_id}/{function}/")


class InRedis(ReturnStore):
    """redis: keys `{prefix}{{run}}/{function}/{index}`, and the sets of those that have returned."""

    def indexes(self, function: str) -> set[int]:
        """Those that have joined the set."""
        key = f"{self._prefix}{function}/finished"
        with _errors("SMEMBERS", key):
            return {int(member) for member in self._client.smembers(key)}

    def value(self, function: str) -> Found | None:
        """Read the key's value, or the object that it points to."""
        key = f"{self._prefix}{function}/1"
        with _errors("GET", key):
            body = self._client.get(key)
        if body is None:
            return None
        match checked.parsed(body, f"{function}'s value"):
            case {"Value": value}:
                return Found(value)
        return Found(checked.parsed(self._object(function), f"{function}'s value"))

    def unfinished(self, function: str, size: int) -> set[int]:
        """Those that have not joined the set; the values of those that have must be there."""
        joined = sorted(self.indexes(function))
        for start in range(0, len(joined), _KEYS_AT_ONCE):
            keys = [f"{self._prefix}{function}/{index}" for index in joined[start : start + _KEYS_AT_ONCE]]
            with _errors("EXISTS", keys[0]):
                there = self._client.exists(*keys)
            if there < len(keys):
                raise checked.expired(f"a value of {function} in Redis")
        return checked.missing(size, joined)

    def remove(self, workflow: Workflow, sizes: Callable[[], Mapping[str, int]]) -> None:
        """Delete what begins with the run's name."""
        with _errors("UNLINK", self._prefix + "*"):
            keys = list(self._client.scan_iter(match=self._prefix + "*", count=_KEYS_AT_ONCE))
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                self._client.unlink(*keys[start : start + _KEYS_AT_ONCE])

    @property
    def _prefix(self) -> str:
        deployment = self._aws.deployment
        return f"{deployment.prefix}-{deployment.orchestration}-{{{self._run_id}}}/"

    @cached_property
    def _client(self) -> Any:
        from redis import Redis

        return Redis.from_url(str(self._aws.deployment.redis_url), socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)


@contextmanager
def _errors(command: str, key: str) -> Iterator[None]:
    from redis.exceptions import RedisError

    try:
        yield
    except RedisError as error:
        hint = "; the keys expire by themselves" if command == "UNLINK" else ""
        raise RedisKeysError(f"redis:{command}", "", key, f"{type(error).__name__}: {error}{hint}") from error


class RedisKeysError(StorageError):
    """Keys in Redis could not be read or removed."""

    def __str__(self) -> str:
        return f"{self.action} on {self.key} failed: {self.cause}"


RETURN_STORES: dict[str, type[ReturnStore]] = {"s3": InBucket, "dynamodb": InTable, "redis": InRedis}
"""As in runtime.orchestration.http_sync_s3.stores."""


def open_store(aws: Aws, run_id: str) -> ReturnStore:
    """The return values of a run; of those in a Redis, all is unknown unless the deployment names one that a client can reach."""
    kind = RETURN_STORES[aws.deployment.return_store]
    return ReturnStore(aws, run_id) if kind is InRedis and not aws.deployment.redis_url else kind(aws, run_id)
