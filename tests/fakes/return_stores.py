"""A return-value store of http_sync_s3 as a test looks at it: through clients of its own, not through the runtime."""

from typing import Any, Protocol

from runtime.orchestration.settings import RedisTarget
from tests.fakes.bucketful import Buckets


class StoreUnderTest(Protocol):
    """What the tests of all stores use. `settings`: those that choose the store, as fields of `Settings`."""

    name: str
    settings: dict[str, Any]

    def everything(self) -> list[str]:
        """All its keys, sorted."""

    def forget(self, run: str, function: str, index: int) -> None:
        """Remove a return value."""


class InBucket:
    """s3: the keys are among those of the buckets."""

    name = "s3"

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets
        self.settings: dict[str, Any] = {}

    def everything(self) -> list[str]:
        """All keys in the returns bucket."""
        return self._buckets.keys(self._buckets.returns)

    def forget(self, run: str, function: str, index: int) -> None:
        """Delete the object."""
        self._buckets.client.delete_object(Bucket=self._buckets.returns, Key=f"{run}/{function}/{index}.json")


class InTable:
    """dynamodb."""

    name = "dynamodb"

    def __init__(self, client: Any, table: str) -> None:
        self._client, self._table = client, table
        client.create_table(
            TableName=table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "Key", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "Key", "AttributeType": "S"}],
        )
        self.settings = {"return_store": "dynamodb", "tables": {"returns": table}}

    def everything(self) -> list[str]:
        """All keys of the table."""
        return sorted(item["Key"]["S"] for item in self.items())

    def items(self) -> list[dict[str, Any]]:
        """All items."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table)
        return [item for page in pages for item in page["Items"]]

    def forget(self, run: str, function: str, index: int) -> None:
        """Delete the item."""
        self._client.delete_item(TableName=self._table, Key={"Key": {"S": f"{run}/{function}/{index}"}})


class InRedis:
    """redis."""

    name = "redis"

    def __init__(self, client: Any, url: str, prefix: str) -> None:
        self.client, self._prefix = client, prefix
        self.settings = {"return_store": "redis", "redis": RedisTarget(url)}

    def everything(self) -> list[str]:
        """All keys of the server."""
        return sorted(key.decode() for key in self.client.scan_iter())

    def forget(self, run: str, function: str, index: int) -> None:
        """Delete the key."""
        self.client.delete(f"{self._prefix}{{{run}}}/{function}/{index}")
