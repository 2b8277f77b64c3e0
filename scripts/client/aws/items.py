"""What the client does with DynamoDB items, many at a time, with errors that name action, table, key and cause.

A batch is no transaction: a busy table takes some items and hands back the rest (UnprocessedItems), or refuses all. Both are
asked for again, after pauses of up to 50 ms at first and 5 s at last, until a minute has gone in which it took none.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
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


class Table:
    """The items of one run, or of one of its functions, in a table: their keys begin with `prefix`, and names are what follows.

    All of it may raise TableError. `client` is boto3's.
    """

    def __init__(self, client: Any, name: str, prefix: str) -> None:
        self._client, self.name, self._prefix = client, name, prefix

    def key(self, name: str | int) -> str:
        """The key of an item."""
        return f"{self._prefix}{name}"

    def put(self, items: Sequence[Image]) -> None:
        """Write items, whether or not they are there: the same once more changes nothing."""
        self._write([{"PutRequest": {"Item": item}} for item in items])

    def remove(self, names: Iterable[str | int]) -> None:
        """Delete items, those of them that are there."""
        self._write([{"DeleteRequest": {"Key": _key(self.key(name))}} for name in names])

    def get(self, names: Iterable[str | int], **projection: Any) -> dict[str, Image]:
        """The items that are there, by key; `projection` as BatchGetItem has it, for a part of each."""
        keys = [self.key(name) for name in names]
        found = at_once([partial(_get, self._client, self.name, part, **projection) for part in _parts(keys, READS)], _THREADS)
        return {key: image for images in found for key, image in images.items()}

    def find(self, name: str | int) -> Image | None:
        """The item of a name, if it is there."""
        return self.get([name]).get(self.key(name))

    def present(self, names: Iterable[int]) -> set[int]:
        """Which of the items are there."""
        keys = self.get(names := list(names), ProjectionExpression="#k", ExpressionAttributeNames={"#k": "Key"})
        return {name for name in names if self.key(name) in keys}

    def _write(self, requests: Sequence[Any]) -> None:
        at_once([partial(_write, self._client, self.name, part) for part in _parts(requests, WRITES)], _THREADS)


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
