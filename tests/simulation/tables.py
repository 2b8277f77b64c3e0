"""DynamoDB in memory, with the face of `runtime.aws.dynamodb.DynamoDBClient`, and DynamoDB's rules.

Conditional puts, `ADD` to numbers and sets, `SET a = if_not_exists(a, :v)`, the values that an update returns, consistent batches
with unprocessed keys. Each change of an item is a stream record, in order per item; a write that changes nothing is none.
Contract: tests/integration/test_simulated_stores.py.
"""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from runtime.aws.errors import RefusedError
from tests.simulation.faults import Faults
from tests.simulation.requests import ALWAYS, WRITES, Requests

Image = dict[str, Any]

_METHODS = {"BatchGetItem": "_get_batch", "GetItem": "_get_item", "PutItem": "_put_item", "UpdateItem": "_update_item"}

_CLAUSE = re.compile(r"(ADD|SET) (.+?)(?= ADD | SET |$)")
_ADD = re.compile(r"(#?\w+) (:\w+)")
_SET = re.compile(r"(#?\w+) = (?:if_not_exists\((#?\w+), (:\w+)\)|(:\w+))")
_CONDITION = re.compile(r"(attribute_exists|attribute_not_exists)\((#?\w+)\)")


class Change(NamedTuple):
    """One change of an item: a stream record. `before` is None for INSERT; `conditional` whether the write had a condition."""

    table: str
    key: str
    before: Image | None
    after: Image
    conditional: bool


@dataclass
class Tables:
    """The items of all tables, without any client. `watchers` are told of each change."""

    items: dict[str, dict[str, Image]] = field(default_factory=dict)
    watchers: list[Callable[[Change], None]] = field(default_factory=list)

    def find(self, table: str, key: str) -> Image | None:
        """An item, as a copy."""
        found = self.items.get(table, {}).get(key)
        return None if found is None else copy.deepcopy(found)

    def put(self, table: str, item: Image, conditional: bool = True) -> None:
        """Write an item."""
        key = item["Key"]["S"]
        held = self.items.setdefault(table, {})
        before = held.get(key)
        if before != item:
            held[key] = item
            for watch in self.watchers:
                watch(Change(table, key, before, item, conditional))


def refusal(code: str) -> RefusedError:
    """What the client raises for an error that the service answers with."""
    return RefusedError(400, code, "no")


class Client:
    """Stands for `DynamoDBClient`."""

    def __init__(self, tables: Tables, requests: Requests, faults: Faults) -> None:
        self._tables, self._requests, self._faults = tables, requests, faults

    def request(self, operation: str, arguments: Image) -> dict[str, Any]:
        """Raises RefusedError: the condition doesn't hold, a batch is out of bounds, or all retries were in vain."""
        made: dict[str, Any] = getattr(self, _METHODS[operation])(**arguments)
        return made

    def _put_item(self, TableName: str, Item: Image, **condition: Any) -> dict[str, Any]:
        def effect() -> dict[str, Any]:
            _check(self._tables.find(TableName, Item["Key"]["S"]), condition)
            self._tables.put(TableName, copy.deepcopy(Item), "ConditionExpression" in condition)
            return {}

        return self._make(f"put item {Item['Key']['S']}", effect, WRITES)

    def _get_item(
        self,
        TableName: str,
        Key: Image,
        ConsistentRead: bool,
        ProjectionExpression: str | None = None,
        ExpressionAttributeNames: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        if not ConsistentRead:
            raise NotImplementedError("reads that may be stale")

        def effect() -> dict[str, Any]:
            found = self._tables.find(TableName, Key["Key"]["S"])
            if found is None:
                return {}
            wanted = ProjectionExpression and (ExpressionAttributeNames or {})[ProjectionExpression]
            return {"Item": {wanted: found[wanted]} if wanted else found}

        return self._make(f"get item {Key['Key']['S']}", effect, ALWAYS)

    def _update_item(
        self,
        TableName: str,
        Key: Image,
        UpdateExpression: str,
        ReturnValues: str,
        ExpressionAttributeValues: Image,
        ExpressionAttributeNames: dict[str, str] | None = None,
        **condition: Any,
    ) -> dict[str, Any]:
        names, values, key = ExpressionAttributeNames or {}, ExpressionAttributeValues, Key["Key"]["S"]

        def effect() -> dict[str, Any]:
            before = self._tables.find(TableName, key)
            _check(before, {**condition, "ExpressionAttributeNames": names})
            after = copy.deepcopy(before) if before else copy.deepcopy(Key)
            changed = _update(after, UpdateExpression, names, values)
            self._tables.put(TableName, after)
            shown = after if ReturnValues == "ALL_NEW" else {name: after[name] for name in changed}
            return {"Attributes": copy.deepcopy(shown)}

        return self._make(f"update item {key} {UpdateExpression}", effect, WRITES)

    def _get_batch(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        # A busy table leaves some unprocessed.
        ((table, wanted),) = RequestItems.items()
        keys = [key["Key"]["S"] for key in wanted["Keys"]]
        if not 1 <= len(keys) <= 100 or len(set(keys)) < len(keys) or not wanted["ConsistentRead"]:
            raise refusal("ValidationException")

        def effect() -> dict[str, Any]:
            process: Any = self._requests.process
            taken = len(keys)
            if process.lineage is not None and self._faults.of_request(process, ("unprocessed",)):
                taken = 0
            found = [item for key in keys[:taken] if (item := self._tables.find(table, key)) is not None]
            left = {table: {**wanted, "Keys": wanted["Keys"][taken:]}} if taken < len(keys) else {}
            # Items come in no particular order.
            return {"Responses": {table: found[::-1]}, "UnprocessedKeys": left}

        return self._make(f"get {len(keys)} items", effect, ALWAYS)

    def _make(self, what: str, effect: Callable[[], Any], kinds: Any) -> Any:
        return self._requests.make(what, effect, kinds, lambda: refusal("ProvisionedThroughputExceededException"))


def _check(found: Image | None, condition: dict[str, Any]) -> None:
    expression = condition.get("ConditionExpression")
    if expression is None:
        return
    match = _CONDITION.fullmatch(expression)
    if match is None:
        raise NotImplementedError(expression)
    name = condition.get("ExpressionAttributeNames", {}).get(match[2], match[2])
    if (name in (found or {})) != (match[1] == "attribute_exists"):
        raise refusal("ConditionalCheckFailedException")


def _update(item: Image, expression: str, names: dict[str, str], values: Image) -> list[str]:
    changed = []
    for verb, clause in _CLAUSE.findall(expression):
        match = (_ADD if verb == "ADD" else _SET).fullmatch(clause)
        if match is None:
            raise NotImplementedError(expression)
        name = names.get(match[1], match[1])
        changed.append(name)
        if verb == "ADD":
            item[name] = _add(item.get(name), values[match[2]])
        elif match[4]:
            item[name] = copy.deepcopy(values[match[4]])
        elif names.get(match[2], match[2]) not in item:
            item[name] = copy.deepcopy(values[match[3]])
    return changed


def _add(held: Image | None, given: Image) -> Image:
    match given:
        case {"N": number}:
            return {"N": str(int(held["N"] if held else 0) + int(number))}
        case {"NS": numbers}:
            return {"NS": sorted({*(held["NS"] if held else ()), *numbers}, key=int)}
        case {"SS": strings}:
            return {"SS": sorted({*(held["SS"] if held else ()), *strings})}
    raise NotImplementedError(str(given))
