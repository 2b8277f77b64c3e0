"""DynamoDB in memory, as far as the client uses it: batches of puts, deletes and gets, each within its limits."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError


def refusal(code: str, status: int = 400) -> ClientError:
    """What boto3 raises for an error that the service answers with."""
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Call")


class Tables:
    """A boto3 client. `throttle(items)` says, for each request, how many of its items are handed back, or raises."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.requests: list[int] = []
        self.throttle: Callable[[int], int] = lambda items: 0

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:
        (table, requests), *others = RequestItems.items()
        assert not others
        assert 1 <= len(requests) <= 25
        self.requests.append(len(requests))
        taken = len(requests) - self.throttle(len(requests))
        held = self.items.setdefault(table, {})
        for request in requests[:taken]:
            if "PutRequest" in request:
                item = request["PutRequest"]["Item"]
                held[item["Key"]["S"]] = item
            else:
                held.pop(request["DeleteRequest"]["Key"]["Key"]["S"], None)
        return {"UnprocessedItems": {table: requests[taken:]} if requests[taken:] else {}}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        (table, wanted), *others = RequestItems.items()
        assert not others
        keys = wanted["Keys"]
        assert 1 <= len(keys) <= 100
        self.requests.append(len(keys))
        taken = len(keys) - self.throttle(len(keys))
        held = self.items.get(table, {})
        answer = [held[key["Key"]["S"]] for key in keys[:taken] if key["Key"]["S"] in held]
        return {
            "Responses": {table: answer},
            "UnprocessedKeys": {table: {"Keys": keys[taken:]}} if keys[taken:] else {},
        }
