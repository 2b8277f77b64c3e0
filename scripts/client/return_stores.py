"""What the client does with the return values of http_sync_s3: tell from them how far a run is, and remove them after it.

One class for each store; see runtime.orchestration.stores for their keys. An ElastiCache lies in a network that no client is in:
then progress is unknown, and keys expire by themselves.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from runtime.orchestration.table import BLOCK
from scripts.client import items, objects
from scripts.client.aws import Aws
from scripts.client.errors import StorageError

TABLE = "returns"
_BLOCKS_AT_ONCE = 100
_KEYS_AT_ONCE = 500
_SECONDS = 5.0


class ReturnStore(ABC):
    """The return values of one run."""

    def __init__(self, aws: Aws, run_id: str) -> None:
        self._aws, self._run_id = aws, run_id

    @abstractmethod
    def returned(self, function: str) -> int | None:
        """How many invocations of a function have returned; None where that is unknown. May fail with anything."""

    @abstractmethod
    def partitions(self) -> int | None:
        """Over how many values partition fans out; None while that is unknown. May fail with anything."""

    @abstractmethod
    def remove(self, mappers: int | None) -> None:
        """Delete them, but for objects in the returns bucket; `mappers` is the number of the run's chunks, if known.

        Raises:
            StorageError: some could not be deleted.
        """


class InBucket(ReturnStore):
    """s3: objects `{run}/{function}/{index}.json`."""

    def returned(self, function: str) -> int | None:
        """Count names."""
        return len(objects.names(self._bucket, f"{self._run_id}/{function}/"))

    def partitions(self) -> int | None:
        """Read partition's value."""
        body = objects.read(self._bucket, f"{self._run_id}/partition/1.json")
        return None if body is None else len(json.loads(body))

    def remove(self, mappers: int | None) -> None:
        """Nothing: the bucket is emptied of the run anyway."""

    @cached_property
    def _bucket(self) -> Any:
        return self._aws.store("returns", patient=False)


class InTable(ReturnStore):
    """dynamodb: items `{run}/{function}/{index}`, and the sets of those that have returned."""

    def returned(self, function: str) -> int | None:
        """Count finished indexes."""
        return len(self._indexes(function))

    def partitions(self) -> int | None:
        """Read partition's value."""
        key = self._key("partition", 1)
        match items.get_all(self._client, self._table, [key]).get(key):
            case {"Value": {"S": str(text)}}:
                return len(json.loads(text))
            case {"Pointer": {"S": str(pointer)}}:
                body = objects.read(self._aws.store("returns", patient=False), f"{self._run_id}/{pointer}")
                return None if body is None else len(json.loads(body))
        return None

    def remove(self, mappers: int | None) -> None:
        """Delete by key; the sets, which tell what there is, after the rest."""
        for function, size in (("reducer", self.partitions()), ("partition", 1), ("mapper", mappers)):
            indexes = self._indexes(function) | set(range(1, (size or 0) + 1))
            self._remove([self._key(function, index) for index in sorted(indexes)])
            blocks = range((max(indexes, default=0) + BLOCK - 1) // BLOCK)
            self._remove([self._key(function, f"finished/{block}") for block in blocks] + [self._key(function, "finished")])

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

    def partitions(self) -> int | None:
        """Read partition's value."""
        body = None if self._client is None else self._client.get(f"{self._prefix}partition/1")
        if body is None:
            return None
        held = json.loads(body)
        if "Pointer" in held:
            stored = objects.read(self._aws.store("returns", patient=False), f"{self._run_id}/{held['Pointer']}")
            return None if stored is None else len(json.loads(stored))
        return len(held["Value"])

    def remove(self, mappers: int | None) -> None:
        """Delete what begins with the run's name."""
        if self._client is None:
            return
        with self._errors():
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
    def _errors(self) -> Iterator[None]:
        from redis.exceptions import RedisError

        try:
            yield
        except RedisError as error:
            cause = f"{type(error).__name__}: {error}; the keys expire by themselves"
            raise RedisKeysError("redis:UNLINK", "", self._prefix + "*", cause) from error


class RedisKeysError(StorageError):
    """Keys in Redis could not be removed."""

    def __str__(self) -> str:
        return f"{self.action} on {self.key} failed: {self.cause}"


RETURN_STORES: dict[str, type[ReturnStore]] = {"s3": InBucket, "dynamodb": InTable, "redis": InRedis}
"""As in runtime.orchestration.stores."""
