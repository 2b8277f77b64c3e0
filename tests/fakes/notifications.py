"""S3's event notifications: what is created in a stage's bucket, and ends in `.json`, invokes the stage's function.

Hooks in where the runtime creates objects. Creations are made one at a time, since moto's "unless there is one" is not atomic.
"""

import copy
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from runtime.ports import ports
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster
from tests.fakes.events import load_event
from tests.fakes.schedule import Schedule

TRIGGERED = {"mapper-input": "mapper", "mapper-output": "partition", "reducer-input": "reducer", "reducer-output": "summary"}


class Notifications:
    """The notification configuration of every stage's bucket.

    Attributes:
        schedule: when events are delivered.
        sent: every event that was sent, `(function, event)`; its duplicates are the cluster's `deliveries`.
    """

    def __init__(self, cluster: Cluster, buckets: Buckets) -> None:
        self.schedule = Schedule()
        self.sent: list[tuple[str, Any]] = []
        self._cluster = cluster
        self._functions = {buckets.stages[role]: function for role, function in TRIGGERED.items()}
        self._create, self._replace, self._lock = ports().s3.create, ports().s3.replace, threading.Lock()

    def create(self, bucket: str, key: str, body: bytes) -> bool:
        """`storage.create`."""
        with self._lock:
            created = self._create(bucket, key, body)
        if created:
            self.written(bucket, key, body)
        return created

    def replace(self, bucket: str, key: str, body: bytes, e_tag: str) -> bool:
        """`storage.replace`."""
        with self._lock:
            return self._replace(bucket, key, body, e_tag)

    def written(self, bucket: str, key: str, body: bytes) -> None:
        """An object was written, be it new or over another: send the event, if the configuration has one for it."""
        if key.endswith(".json") and bucket in self._functions:
            self._send(self._functions[bucket], object_created(bucket, key, body))

    def _send(self, function: str, event: Any) -> None:
        self.sent.append((function, event))
        deliver: Callable[[], None] = lambda: self._cluster.invoke_async(function, event)  # noqa: E731
        self.schedule.post(deliver)


def object_created(bucket: str, key: str, body: bytes = b"{}") -> Any:
    """The event of an object's creation; the key is URL-encoded in it."""
    event = copy.deepcopy(load_event("s3_object_created"))
    s3 = event["Records"][0]["s3"]
    s3["bucket"] |= {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"}
    s3["object"] |= {"key": quote_plus(key, safe="/"), "size": len(body)}
    return event
