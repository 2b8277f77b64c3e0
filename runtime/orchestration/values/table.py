"""One stage of a run in a DynamoDB table whose stream triggers a function. Partition key `Key`, so a run spreads over all shards.

    {run}/{index}          {"To", "Run", "Index", "Size", "Value" or "Pointer"}: an element of a fan-out, addressed to a function
                           {"Run", "Index", "Value" or "Pointer"}: a return value, addressed to nobody
    {run}/{index}/attempts {"Attempts": {request id, ...}}: the invocations that have begun to work on it; also of fan-in
    {run}/finished/{block} {"Finished": {1, 2, ...}}: which indexes of a block of `set_indexes` have returned
    {run}/finished         {"Finished": {0, 1, ...}}: which blocks are complete
    {run}/fan-in           {"To", "Run", "Size"}: addressed to the fan-in function, created by whoever completes the set
    {run}/fan-out          {"Value" or "Pointer"}: the array that a fan-out is over, so that a repetition sends the same

Values are JSON; one too large for an item of 400 KB is a claim check in the returns bucket. `Expires` (seconds since the epoch)
lets TTL remove what no client did. Every item is created only if absent. Adding an index to a set twice changes nothing, which
a counter could not promise: an UpdateItem whose answer is lost is sent again.
"""

import json
from functools import partial
from typing import Any

from runtime.aws import dynamodb
from runtime.aws.dynamodb import Image
from runtime.aws.errors import StorageError
from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import Returns
from runtime.orchestration.workflow.envelope import EnvelopeError, parse_datum
from runtime.ports import ports

EXPIRES_SECONDS = 7 * 24 * 3600


def attempts_key(key: str) -> str:
    """The name of the item that counts the attempts at another."""
    return f"{key}/attempts"


class Table:
    """A run's part of a stage's table."""

    def __init__(self, name: str, run_id: str, returns: Returns) -> None:
        self._name, self._run_id, self._returns = name, run_id, returns

    def create_or_read(self, key: str, claim_check: str, value: Any, **attributes: str | int) -> Any:
        """Store a value unless there is one; return what is stored. Raises StorageError."""
        if self.create(key, claim_check, value, **attributes):
            return value
        found = self.find(key)
        if found is None:
            raise StorageError("dynamodb:PutItem", self._name, self._key(key), "the run is being removed")
        return found.value

    def create(self, key: str, claim_check: str, value: Any, **attributes: str | int) -> bool:
        """Store a value, or its claim check, unless there is one; whether it was made. Raises StorageError."""
        body = encode(value)
        if len(body) > ports().limits.item_bytes:
            self._returns.write_body(claim_check, body)
            held: Image = {"Pointer": {"S": claim_check}}
        else:
            held = {"Value": {"S": body.decode()}}
        return self.create_item(key, held, **attributes)

    def create_item(self, key: str, held: Image, **attributes: str | int) -> bool:
        """Create an item; False if there is one. Raises StorageError."""
        item: Image = {"Key": {"S": self._key(key)}, "Run": {"S": self._run_id}, **held}
        item["Expires"] = self._expires()
        for name, attribute in attributes.items():
            item[name] = {"S": attribute} if isinstance(attribute, str) else {"N": str(attribute)}
        condition = {"ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": {"#k": "Key"}}
        return self._call("PutItem", key, Item=item, **condition) is not None

    def find(self, key: str) -> Found | None:
        """A value, or None. Raises StorageError."""
        image = self.image(key)
        return None if image is None else Found(self.value_of(image))

    def value_of(self, image: Image) -> Any:
        """The value that an item or a stream's image of it holds.

        Raises:
            StorageError: a claim check could not be read.
            EnvelopeError: it is no JSON, or points elsewhere.
        """
        match image:
            case {"Value": {"S": str(text)}}:
                try:
                    return json.loads(text)
                except (ValueError, RecursionError) as error:
                    raise EnvelopeError(f'"Value" of an item is no JSON: {error}: {text!r:.200}') from None
            case {"Pointer": {"S": str(pointer)}}:
                return self._returns.resolve(parse_datum({"Source": "s3", "Value": pointer}))
        return None

    def values(self, size: int) -> list[Any]:
        """The values 1 to `size`, in order. Raises StorageError, also when one isn't there."""
        images: dict[str, Image] = {}
        wanted = [self._key(str(index)) for index in range(1, size + 1)]
        for start in range(0, size, dynamodb.BATCH):
            images |= ports().dynamodb.get_batch(self._name, wanted[start : start + dynamodb.BATCH])
        if missing := [key for key in wanted if key not in images]:
            raise StorageError("dynamodb:BatchGetItem", self._name, missing[0], "no such value in this run")
        return at_once([partial(self.value_of, images[key]) for key in wanted])

    def count_attempt(self, key: str, request_id: str) -> int | None:
        """Note that an item's function begins. Return how often it has begun, or None if the item is gone. Raises StorageError.

        Each invocation is noted by its request id, so that a repeated request counts no attempt twice. The notes are an item of
        their own, since an update is charged for the whole item: 64 write units for a chunk of 64 KB. To look whether the item is
        there costs 16 read units, which is a twentieth of that.
        """
        if self.image(key, ProjectionExpression="#k", ExpressionAttributeNames={"#k": "Key"}) is None:
            return None
        return len(self._add(attempts_key(key), "Attempts", {"SS": [request_id]})["SS"])

    def finish(self, index: int, size: int) -> bool:
        """Add an index to those that have returned. Return whether all `size` have. Raises StorageError."""
        most = ports().limits.set_indexes
        block, blocks = (index - 1) // most, (size + most - 1) // most
        in_block = min(most, size - block * most)
        if len(self._finish(f"finished/{block}", index)) < in_block:
            return False
        return blocks == 1 or len(self._finish("finished", block)) == blocks

    def _finish(self, key: str, number: int) -> list[str]:
        numbers: list[str] = self._add(key, "Finished", {"NS": [str(number)]})["NS"]
        return numbers

    def _add(self, key: str, name: str, members: Image) -> Image:
        """Add members to a set of an item, which is made if need be. Return the whole set. Raises StorageError."""
        answer = self._call(
            "UpdateItem",
            key,
            Key={"Key": {"S": self._key(key)}},
            UpdateExpression=f"ADD {name} :members SET Expires = if_not_exists(Expires, :expires)",
            ExpressionAttributeValues={":members": members, ":expires": self._expires()},
            ReturnValues="ALL_NEW",
        )
        whole: Image = (answer or {})["Attributes"][name]
        return whole

    def image(self, key: str, **projection: Any) -> Image | None:
        """Return an item as it is stored, or None. Raises StorageError."""
        answer = self._call("GetItem", key, Key={"Key": {"S": self._key(key)}}, ConsistentRead=True, **projection)
        image: Image | None = (answer or {}).get("Item")
        return image

    def _call(self, operation: str, key: str, **arguments: Any) -> dict[str, Any] | None:
        return ports().dynamodb.call(operation, self._name, self._key(key), TableName=self._name, **arguments)

    def _expires(self) -> Image:
        return {"N": str(int(ports().clock.time()) + EXPIRES_SECONDS)}

    def _key(self, key: str) -> str:
        return f"{self._run_id}/{key}"
