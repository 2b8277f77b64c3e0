"""DynamoDB: a client, and requests whose errors are `errors.StorageError`."""

import json
import time
from typing import Any

from runtime.aws.connections import Connections
from runtime.aws.errors import AccessDeniedError, RefusedError, RequestError, StorageError
from runtime.aws.requests import ANSWER_SECONDS, IDLE_SECONDS, Requests, endpoint, once, region
from runtime.encoding import encode
from runtime.run import current_run

BATCH = 100
"""Items that one request reads at most."""

_ITEM_TRIES = 10
_BATCH_SECONDS = 60

Image = dict[str, Any]
"""An item as DynamoDB's API and streams have it: `{"Run": {"S": "20261123-a1"}, "Index": {"N": "3"}}`."""


class DynamoDBClient:
    """DynamoDB. Safe to share between threads; every request may be sent twice."""

    def __init__(self, connections: Connections, region: str, tries: int = _ITEM_TRIES) -> None:
        self._requests = Requests("dynamodb", region, connections, tries)

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
    name = region()
    connections = Connections(
        endpoint("dynamodb", name), answer_seconds=ANSWER_SECONDS, idle_seconds=IDLE_SECONDS, repeatable=True
    )
    return DynamoDBClient(connections, name)


def call(operation: str, table: str, key: str, **arguments: Any) -> dict[str, Any] | None:
    """One request; None when its condition did not hold. Translates errors once."""
    current_run().requests[f"dynamodb.{operation}"] += 1
    try:
        return dynamodb_client().request(operation, arguments)
    except RefusedError as error:
        if error.code == "ConditionalCheckFailedException":
            return None
        kind = AccessDeniedError if error.code == "AccessDeniedException" else StorageError
        raise kind(f"dynamodb:{operation}", table, key, str(error)) from error
    except RequestError as error:
        raise StorageError(f"dynamodb:{operation}", table, key, str(error)) from error


def get_batch(table: str, keys: list[str]) -> dict[str, Image]:
    """Items by key; what a busy table leaves unprocessed is asked for again, until `_BATCH_SECONDS` have gone."""
    images: dict[str, Image] = {}
    pending: Any = {table: {"Keys": [{"Key": {"S": key}} for key in keys], "ConsistentRead": True}}
    deadline, pause = time.monotonic() + _BATCH_SECONDS, 0.05
    while pending:
        answer = call("BatchGetItem", table, keys[0], RequestItems=pending) or {}
        images |= {image["Key"]["S"]: image for image in answer.get("Responses", {}).get(table, ())}
        pending = answer.get("UnprocessedKeys")
        if pending:
            if time.monotonic() > deadline:
                raise StorageError("dynamodb:BatchGetItem", table, keys[0], f"still throttled after {_BATCH_SECONDS} s")
            time.sleep(pause)
            pause = min(pause * 2, 2.0)
    return images
