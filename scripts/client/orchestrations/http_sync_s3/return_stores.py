"""What the client does with the return values of http_sync_s3: tell from them how far a run is and what it lacks; remove them.

One class for each store; see runtime.orchestration.http_sync_s3.stores for their keys. An ElastiCache lies in a network that no
client is in: then all of that is unknown, and keys expire by themselves.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar

from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import return_key
from scripts.client.aws import finished, items, objects
from scripts.client.aws.clients import Aws
from scripts.client.errors import StorageError, UsageError
from scripts.client.stored import checked
from scripts.workflow import Workflow

TABLE = "returns"
_BLOCKS_AT_ONCE = 100
_KEYS_AT_ONCE = 500
_SECONDS = 5.0
_VALUE = re.compile(r"([1-9][0-9]*)\.json")


class ReturnStore(ABC):
    """The return values of one run."""

    last_continues: ClassVar[bool] = True
    """Whether it is always the last branch by index that continues when all have returned; else it is who completes the set."""

    def __init__(self, aws: Aws, run_id: str) -> None:
        self._aws, self._run_id = aws, run_id

    @abstractmethod
    def returned(self, function: str) -> int | None:
        """How many invocations of a function have returned; None where that is unknown. May fail with anything."""

    @abstractmethod
    def value(self, function: str) -> Found | None:
        """What a function outside a fan-out returned; None if it has not, or where that is unknown.

        Raises:
            StorageError: a request finally failed.
            UsageError: it is gone.
        """

    @abstractmethod
    def unfinished(self, function: str, size: int) -> set[int] | None:
        """Which of the branches 1 to `size` must be invoked (again) to make the fan-in complete; None where that is unknown.

        When none of them must, the last by index must run again to continue, if the run has not.

        Raises:
            StorageError: a request finally failed.
            UsageError: a branch has returned, and its value is gone.
        """

    def _object(self, function: str) -> bytes | None:
        return objects.read(self._aws.store("returns"), f"{self._run_id}/{return_key(function, 1)}")

    @abstractmethod
    def remove(self, workflow: Workflow, size: int | None) -> None:
        """Delete them, but for objects in the returns bucket; `size` is the number of the run's elements, if known.

        Raises:
            StorageError: some could not be deleted.
        """


def _found(body: bytes | str | None, function: str) -> Found:
    return Found(checked.parsed(body, f"{function}'s value"))


class InBucket(ReturnStore):
    """s3: objects `{run}/{function}/{index}.json`."""

    def returned(self, function: str) -> int | None:
        """Count names."""
        return len(objects.names(self._bucket, f"{self._run_id}/{function}/"))

    def value(self, function: str) -> Found | None:
        """Read the object."""
        body = self._object(function)
        return None if body is None else _found(body, function)

    def unfinished(self, function: str, size: int) -> set[int]:
        """Those without an object."""
        directory = f"{self._run_id}/{function}/"
        names = (key.removeprefix(directory) for key in objects.names(self._aws.store("returns"), directory))
        return checked.missing(size, (int(match[1]) for name in names if (match := _VALUE.fullmatch(name))))

    def remove(self, workflow: Workflow, size: int | None) -> None:
        """Nothing: the bucket is emptied of the run anyway."""

    @cached_property
    def _bucket(self) -> Any:
        return self._aws.store("returns", patient=False)


class InTable(ReturnStore):
    """dynamodb: items `{run}/{function}/{index}`, and the sets of those that have returned."""

    last_continues = False

    def returned(self, function: str) -> int | None:
        """Count finished indexes."""
        return len(self._indexes(function))

    def value(self, function: str) -> Found | None:
        """Read the item, or the object that it points to."""
        key = self._key(function, 1)
        match items.get_all(self._client, self._table, [key]).get(key):
            case {"Value": {"S": str(text)}}:
                return _found(text, function)
            case {"Pointer": _}:
                return _found(self._object(function), function)
        return None

    def unfinished(self, function: str, size: int) -> set[int]:
        """Those that have not joined the sets."""
        return finished.unfinished(self._client, self._table, lambda name: self._key(function, name), size)

    def remove(self, workflow: Workflow, size: int | None) -> None:
        """Delete by key, from the end of the flow; the sets, which tell what there is, after the rest."""
        sizes = {} if size is None else {workflow.first.name: size}
        for place in workflow.steps[:-1]:
            if place.edge == "Map" and (found := self._value_if_kept(place.name)) is not None:
                sizes[str(place.next)] = len(found.value)
        for place in reversed(workflow.steps[:-1]):
            if place.takes != "branch":
                self._remove([self._key(place.name, 1)])
                continue
            indexes = self._indexes(place.name) | set(range(1, sizes.get(place.name, 0) + 1))
            self._remove([self._key(place.name, index) for index in sorted(indexes)])
            self._remove([self._key(place.name, name) for name in finished.names(max(indexes, default=0))])

    def _value_if_kept(self, function: str) -> Found | None:
        try:
            return self.value(function)
        except UsageError:
            return None  # the object that the item points to has expired before the item; the sets tell of most

    def _indexes(self, function: str) -> set[int]:
        """Which have returned. A block may be missing before others; a hundred missing in a row are the end."""
        found: set[int] = set()
        first = 0
        while True:
            keys = [self._key(function, f"finished/{block}") for block in range(first, first + _BLOCKS_AT_ONCE)]
            images = items.get_all(self._client, self._table, keys)
            found |= {int(index) for image in images.values() for index in image["Finished"]["NS"]}
            if not images:
                return found
            first += _BLOCKS_AT_ONCE

    def _remove(self, keys: list[str]) -> None:
        items.remove_all(self._client, self._table, keys)

    def _key(self, function: str, name: str | int) -> str:
        return f"{self._run_id}/{function}/{name}"

    @property
    def _client(self) -> Any:
        return self._aws.client("dynamodb")

    @property
    def _table(self) -> str:
        return self._aws.deployment.table(TABLE)


class InRedis(ReturnStore):
    """redis: keys `{prefix}{{run}}/{function}/{index}`, and the sets of those that have returned."""

    def returned(self, function: str) -> int | None:
        """Size of the set."""
        return None if self._client is None else int(self._client.scard(f"{self._prefix}{function}/finished"))

    def value(self, function: str) -> Found | None:
        """Read the key's value, or the object that it points to."""
        if self._client is None:
            return None
        key = f"{self._prefix}{function}/1"
        with self._errors("GET", key):
            body = self._client.get(key)
        if body is None:
            return None
        match checked.parsed(body, f"{function}'s value"):
            case {"Value": value}:
                return Found(value)
            case _:
                return _found(self._object(function), function)

    def unfinished(self, function: str, size: int) -> set[int] | None:
        """Those that have not joined the set; the values of those that have must be there."""
        if self._client is None:
            return None
        key = f"{self._prefix}{function}/finished"
        with self._errors("SMEMBERS", key):
            joined = sorted(int(member) for member in self._client.smembers(key))
        for start in range(0, len(joined), _KEYS_AT_ONCE):
            keys = [f"{self._prefix}{function}/{index}" for index in joined[start : start + _KEYS_AT_ONCE]]
            with self._errors("EXISTS", keys[0]):
                there = self._client.exists(*keys)
            if there < len(keys):
                raise checked.expired(f"a value of {function} in Redis")
        return checked.missing(size, joined)

    def remove(self, workflow: Workflow, size: int | None) -> None:
        """Delete what begins with the run's name."""
        if self._client is None:
            return
        with self._errors("UNLINK", self._prefix + "*"):
            keys = list(self._client.scan_iter(match=self._prefix + "*", count=_KEYS_AT_ONCE))
            for start in range(0, len(keys), _KEYS_AT_ONCE):
                self._client.unlink(*keys[start : start + _KEYS_AT_ONCE])

    @property
    def _prefix(self) -> str:
        deployment = self._aws.deployment
        return f"{deployment.prefix}-{deployment.orchestration}-{{{self._run_id}}}/"

    @cached_property
    def _client(self) -> Any:
        """None where the deployment names no Redis that a client could reach."""
        url = self._aws.deployment.redis_url
        if not url:
            return None
        from redis import Redis

        return Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)

    @contextmanager
    def _errors(self, command: str, key: str) -> Iterator[None]:
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
