"""What the client does with DynamoDB items, many at a time, with errors that name action, table, key and cause.

A batch is no transaction: a busy table takes some items and hands back the rest (UnprocessedItems), or refuses all. Both are
asked for again, after pauses of up to 50 ms at first and 5 s at last, until a minute has gone in which it took none.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NoReturn, TypeVar

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

T = TypeVar("T")

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
        self._in_batches(self._write, [{"PutRequest": {"Item": item}} for item in items], WRITES)

    def remove(self, names: Iterable[str | int]) -> None:
        """Delete items, those of them that are there."""
        self._in_batches(self._write, [{"DeleteRequest": {"Key": {"Key": {"S": self.key(name)}}}} for name in names], WRITES)

    def get(self, names: Iterable[str | int], **projection: Any) -> dict[str, Image]:
        """The items that are there, by key; `projection` as BatchGetItem has it, for a part of each."""
        keys = [{"Key": {"S": self.key(name)}} for name in names]
        found = self._in_batches(partial(self._get, **projection), keys, READS)
        return {image["Key"]["S"]: image for images in found for image in images}

    def find(self, name: str | int) -> Image | None:
        """The item of a name, if it is there."""
        return self.get([name]).get(self.key(name))

    def present(self, names: Iterable[int]) -> set[int]:
        """Which of the items are there."""
        keys = self.get(names := list(names), ProjectionExpression="#k", ExpressionAttributeNames={"#k": "Key"})
        return {name for name in names if self.key(name) in keys}

    def _in_batches(self, make: Callable[[list[Image]], T], requests: list[Image], size: int) -> list[T]:
        return at_once([partial(make, requests[start : start + size]) for start in range(0, len(requests), size)], _THREADS)

    def _write(self, requests: list[Image]) -> None:
        def send(pending: list[Image]) -> list[Image]:
            answer: Image = self._client.batch_write_item(RequestItems={self.name: pending})
            rest: list[Image] = answer.get("UnprocessedItems", {}).get(self.name, [])
            return rest

        (held,) = requests[0].values()
        (image,) = held.values()
        self._persist("dynamodb:BatchWriteItem", image, requests, send)

    def _get(self, keys: list[Image], **projection: Any) -> list[Image]:
        images: list[Image] = []

        def send(pending: list[Image]) -> list[Image]:
            answer = self._client.batch_get_item(
                RequestItems={self.name: {"Keys": pending, "ConsistentRead": True, **projection}}
            )
            images.extend(answer.get("Responses", {}).get(self.name, ()))
            rest: list[Image] = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            return rest

        self._persist("dynamodb:BatchGetItem", keys[0], keys, send)
        return images

    def _persist(self, action: str, first: Image, pending: list[Image], send: Callable[[list[Image]], list[Image]]) -> None:
        """Send until nothing is left. `send` returns what was not taken; errors name the `first` item."""
        key, retries = first["Key"]["S"], Retries(CLOCK, None, _PAUSES)
        while pending:
            try:
                rest = send(pending)
            except Exception as error:
                if _code(error) not in _THROTTLED:
                    _tell(action, self.name, key, error)
                rest = pending
            if not rest:
                return
            if len(rest) < len(pending):
                retries = Retries(CLOCK, None, _PAUSES)
            pending = rest
            if not retries.wait():
                cause = f"the table is throttled, and took none of {len(pending)} items in {PATIENCE_SECONDS:g} s"
                raise TableError(action, self.name, key, cause)


def _code(error: Any) -> str:
    """The service's name of an error; "" of one that isn't the service's."""
    response: Any = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _tell(action: str, table: str, key: str, error: Exception) -> NoReturn:
    """Raise an error of boto3's as TableError, and any other as it is."""
    from botocore.exceptions import BotoCoreError, ClientError

    known = {
        "ResourceNotFoundException": "there is no such table",
        "AccessDeniedException": f"access denied: the client's credentials lack {action} there",
    }
    if not isinstance(error, BotoCoreError | ClientError):
        raise error
    raise TableError(action, table, key, known.get(_code(error), str(error)[:500])) from error
