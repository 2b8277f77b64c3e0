"""What the client does with DynamoDB items, many at a time, with errors that name action, table, key and cause.

A batch is no transaction: a busy table takes some items and hands back the rest (UnprocessedItems), or refuses all. Both are
asked for again, after pauses of up to 50 ms at first and 5 s at last, until a minute has gone in which it took none.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from runtime.clock import Clock
from runtime.concurrency import at_once
from runtime.retries import PATIENCE_SECONDS, Pauses, Retries
from scripts.client.errors import TableError

WRITES = 25
READS = 100
"""Of a request: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"""

_THREADS = 8
_PAUSES = Pauses(0.05, 5.0)
CLOCK = Clock()
_THROTTLED = ("ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException")

Image = dict[str, Any]
"""An item as DynamoDB's API has it: `{"Key": {"S": "20261123-a1/3"}, "Index": {"N": "3"}}`."""


def put_all(client: Any, table: str, items: Sequence[Image]) -> None:
    """Write items, whether or not they are there: the same once more changes nothing. Raises TableError."""
    _write_all(client, table, [{"PutRequest": {"Item": item}} for item in items])


def remove_all(client: Any, table: str, keys: Sequence[str]) -> None:
    """Delete items, those of them that are there. Raises TableError."""
    _write_all(client, table, [{"DeleteRequest": {"Key": _key(key)}} for key in keys])


def get_all(client: Any, table: str, keys: Sequence[str]) -> dict[str, Image]:
    """The items that are there, by key. Raises TableError."""
    found = at_once([partial(_get, client, table, part) for part in _parts(keys, READS)], _THREADS)
    return {key: image for images in found for key, image in images.items()}


def find_keys(client: Any, table: str, keys: Sequence[str]) -> set[str]:
    """Which of the items are there, without what they hold. Raises TableError."""
    only_key = {"ProjectionExpression": "#k", "ExpressionAttributeNames": {"#k": "Key"}}
    found = at_once([partial(_get, client, table, part, **only_key) for part in _parts(keys, READS)], _THREADS)
    return {key for images in found for key in images}


def _write_all(client: Any, table: str, requests: Sequence[Any]) -> None:
    at_once([partial(_write, client, table, part) for part in _parts(requests, WRITES)], _THREADS)


def _write(client: Any, table: str, requests: Sequence[Any]) -> None:
    def send(pending: Sequence[Any]) -> Sequence[Any]:
        answer = client.batch_write_item(RequestItems={table: pending})
        rest: Sequence[Any] = answer.get("UnprocessedItems", {}).get(table, [])
        return rest

    _persist("dynamodb:BatchWriteItem", table, _key_of(requests[0]), requests, send)


def _get(client: Any, table: str, keys: Sequence[str], **projection: Any) -> dict[str, Image]:
    images: dict[str, Image] = {}

    def send(pending: Sequence[Any]) -> Sequence[Any]:
        answer = client.batch_get_item(RequestItems={table: {"Keys": pending, "ConsistentRead": True, **projection}})
        images.update({image["Key"]["S"]: image for image in answer.get("Responses", {}).get(table, ())})
        rest: Sequence[Any] = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        return rest

    _persist("dynamodb:BatchGetItem", table, keys[0], [_key(key) for key in keys], send)
    return images


def _persist(action: str, table: str, key: str, pending: Sequence[Any], send: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
    """Send until nothing is left. `send` returns what was not taken."""
    retries = Retries(CLOCK, None, _PAUSES)
    while pending:
        rest = pending
        with _errors(action, table, key):
            try:
                rest = send(pending)
            except Exception as error:
                if _code(error) not in _THROTTLED:
                    raise
        if not rest:
            return
        if len(rest) < len(pending):
            retries = Retries(CLOCK, None, _PAUSES)
        pending = rest
        if not retries.wait():
            cause = f"the table is throttled, and took none of {len(pending)} items in {PATIENCE_SECONDS:g} s"
            raise TableError(action, table, key, cause)


def _key(key: str) -> Image:
    return {"Key": {"S": key}}


def _key_of(request: Any) -> str:
    held = request["PutRequest"]["Item"] if "PutRequest" in request else request["DeleteRequest"]["Key"]
    return str(held["Key"]["S"])


def _parts(values: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def _code(error: Any) -> str:
    """The service's name of an error; "" of one that isn't the service's."""
    response: Any = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


@contextmanager
def _errors(action: str, table: str, key: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        from botocore.exceptions import BotoCoreError
        from botocore.exceptions import ClientError as RefusedError

        known = {
            "ResourceNotFoundException": "there is no such table",
            "AccessDeniedException": f"access denied: the client's credentials lack {action} there",
        }
        if isinstance(error, RefusedError):
            raise TableError(action, table, key, known.get(_code(error), str(error)[:500])) from error
        if isinstance(error, BotoCoreError):
            raise TableError(action, table, key, str(error)[:500]) from error
        raise
