"""Runs of dynamodb_triggers, and what a test looks at after them."""

import threading
from collections import Counter
from typing import Any

import pytest

from tests.fakes import recorder as failure
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Killed
from tests.fakes.deployments import TriggeredByItems
from tests.fakes.streams import item_created

TEXTS = ["to be or not to be", "that is", "to be or not to be", "the question"]
COUNTS = Counter(word for text in TEXTS for word in text.split())
ONE_EACH = {"partition": 1, "summary": 1}
Capsys = pytest.CaptureFixture[str]


def run(deployment: TriggeredByItems, texts: list[str], name: str = "run1") -> None:
    deployment.start(name, [{"text": text, "destination": deployment.buckets.shuffle} for text in texts])
    deployment.wait()


def names(buckets: Buckets, name: str) -> list[str]:
    """Where a run has stored something; a pair's last segment differs between runs."""
    keys = (key.removeprefix(f"{name}/") for key in buckets.everything() if key.startswith(f"{name}/"))
    return sorted(key.rpartition("/")[0] if key.startswith("reducer") else key for key in keys)


def image(index: int, size: int, buckets: Buckets, text: str = "to be", **more: Any) -> dict[str, Any]:
    """A chunk's item."""
    body = f'{{"text": "{text}", "destination": "{buckets.shuffle}"}}'
    fields = {"Key": {"S": f"run1/{index}"}, "To": {"S": "mapper"}, "Run": {"S": "run1"}, "Value": {"S": body}}
    return fields | {"Index": {"N": str(index)}, "Size": {"N": str(size)}} | more


def put(deployment: TriggeredByItems, role: str, item: Any) -> None:
    """Store an item without any stream's knowledge."""
    deployment.buckets.tables.client.put_item(TableName=deployment.buckets.tables.names[role], Item=item)


def created(deployment: TriggeredByItems, item: Any) -> Any:
    """The event of a chunk's item."""
    return item_created(deployment.buckets.tables.names["mapper-input"], item)


class Deaths:
    """The recorder of failures, which dies before its first line, the first `times` times."""

    def __init__(self, times: int) -> None:
        self._left, self._lock, self._handler = times, threading.Lock(), failure.lambda_handler

    def __call__(self, event: Any, context: Any) -> Any:
        with self._lock:
            self._left -= 1
            if self._left >= 0:
                raise Killed
        return self._handler(event, context)


def die_at_once(event: Any, context: Any) -> Any:
    raise Killed


def refuse_bad(text: str) -> None:
    if text == "bad":
        raise ValueError("a bad text")
