"""DynamoDB: a client, and requests whose errors are `errors.StorageError`."""

import json
from collections.abc import Callable
from typing import Any

from runtime.aws.connections import Connections
from runtime.aws.errors import AccessDeniedError, RefusedError, RequestError, StorageError
from runtime.aws.requests import Requests, connected, once
from runtime.clock import Clock
from runtime.encoding import encode
from runtime.retries import Pauses, Retries
from runtime.run import current_run

BATCH = 100
"""Items that one request reads at most."""

_ITEM_TRIES = 10
_BATCH_SECONDS = 60
_BATCH_PAUSES = Pauses(0.05, 2.0)

Image = dict[str, Any]
"""An item as DynamoDB's API and streams have it: `{"Run": {"S": "20261123-a1"}, "Index": {"N": "3"}}`."""


class DynamoDBClient:
    """DynamoDB. Safe to share between threads; every request may be sent twice."""

    def __init__(self, connections: Connections, region: str, tries: int = _ITEM_TRIES, clock: Clock | None = None) -> None:
        self._requests = Requests("dynamodb", region, connections, tries, clock=clock)

    def request(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Make a request of DynamoDB's API, `request("GetItem", {"TableName": ..., "Key": ...})`. Raises RequestError."""
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        answer = self._requests.make("/", headers, encode(arguments))
        try:
            value: dict[str, Any] = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise RequestError(f"the answer is no JSON: {error}") from error
        return value


@once
def dynamodb_client() -> DynamoDBClient:
    """DynamoDB; every write of ours may be repeated. Raises RequestError."""
    return DynamoDBClient(*connected("dynamodb"))


class DynamoDB:
    """Requests of DynamoDB's API. Safe to share between threads.

    Args:
        clock: what pauses before what a table leaves unprocessed is asked for again.
        client: gives the client, when the first request is made.
    """

    def __init__(self, clock: Clock, client: Callable[[], Any] = dynamodb_client) -> None:
        self._clock, self._client = clock, client

    def call(self, operation: str, table: str, key: str, **arguments: Any) -> dict[str, Any] | None:
        """One request; None when its condition did not hold. Translates errors once."""
        current_run().requests[f"dynamodb.{operation}"] += 1
        try:
            answer: dict[str, Any] = self._client().request(operation, arguments)
            return answer
        except RefusedError as error:
            if error.code == "ConditionalCheckFailedException":
                return None
            kind = AccessDeniedError if error.code == "AccessDeniedException" else StorageError
            raise kind(f"dynamodb:{operation}", table, key, str(error)) from error
        except RequestError as error:
            raise StorageError(f"dynamodb:{operation}", table, key, str(error)) from error

    def get_batch(self, table: str, keys: list[str]) -> dict[str, Image]:
        """Items by key; what a busy table leaves unprocessed is asked for again, until `_BATCH_SECONDS` have gone."""
        images: dict[str, Image] = {}
        pending: Any = {table: {"Keys": [{"Key": {"S": key}} for key in keys], "ConsistentRead": True}}
        retries = Retries(self._clock, self._clock.monotonic() + _BATCH_SECONDS, _BATCH_PAUSES)
        while pending:
            answer = self.call("BatchGetItem", table, keys[0], RequestItems=pending) or {}
            images |= {image["Key"]["S"]: image for image in answer.get("Responses", {}).get(table, ())}
            pending = answer.get("UnprocessedKeys")
            if pending and not retries.wait():
                raise StorageError("dynamodb:BatchGetItem", table, keys[0], f"still throttled after {_BATCH_SECONDS} s")
        return images
