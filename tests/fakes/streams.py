"""DynamoDB Streams and event source mappings: an item that is created in a stage's table invokes the table's function.

Hooks in where the runtime makes its requests; one at a time, since moto's conditions and additions are not atomic. As on AWS, the
mapping's filter lets through what is new and addressed to the table's function, and a record is delivered again until its
function reports no failure, `TRIES` times at most (https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html). What
is given up then is left in a bucket, whose notification invokes the recorder of failures.
"""

import copy
import itertools
import json
import threading
import uuid
from typing import Any

from runtime.ports import ports
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster, LambdaError
from tests.fakes.events import load_event
from tests.fakes.notifications import object_created
from tests.fakes.schedule import Schedule

TRIGGERED = {
    "mapper-input": "mapper",
    "mapper-output": "partition",
    "reducer-input": "reducer",
    "reducer-output": "summary",
    "results": "recorder",
}
TRIES = 6

_sequence_numbers = itertools.count(1)


class Streams:
    """The event source mapping of every stage's table.

    Attributes:
        schedule: when records are delivered.
        sent: every event that passed the filter, `(function, event)`.
        deliveries: how often each is delivered: one after another, for a key's records are in one lane.
        at_once: deliver duplicates at the same time instead, which AWS does not promise never to do.
        given_up: what failed each time, `(function, event)`.
    """

    def __init__(self, cluster: Cluster, buckets: Buckets) -> None:
        self.schedule = Schedule()
        self.sent: list[tuple[str, Any]] = []
        self.deliveries, self.at_once = 1, False
        self.given_up: list[tuple[str, Any]] = []
        self._cluster, self._buckets = cluster, buckets
        self._roles = {buckets.tables.names[role]: role for role in TRIGGERED}
        self._call, self._lock = ports().dynamodb.call, threading.Lock()

    def call(self, operation: str, name: str, key: str, **arguments: Any) -> Any:
        """`dynamodb.call`."""
        with self._lock:
            answer = self._call(operation, name, key, **arguments)
        if operation == "PutItem" and answer is not None:
            self.created(name, arguments["Item"])
        return answer

    def deliver(self, function: str, event: Any) -> None:
        """Deliver an event as often as the test told to, on the cluster's threads."""
        if self.at_once:
            for _ in range(self.deliveries):
                self._cluster.submit(lambda: self._deliver(function, event))
        else:
            self._cluster.submit(lambda: [self._deliver(function, event) for _ in range(self.deliveries)])

    def created(self, name: str, image: Any) -> None:
        """An item is new in a table: send its record, if the mapping lets it through."""
        function = TRIGGERED[self._roles[name]] if name in self._roles else None
        if function is not None and image.get("To") == {"S": function}:
            event = item_created(name, image)
            self.sent.append((function, event))
            self.schedule.post(lambda: self.deliver(function, event))

    def _deliver(self, function: str, event: Any) -> None:
        for _ in range(TRIES):
            try:
                answer = self._cluster.invoke(function, event)
            except LambdaError:
                continue
            if not answer["batchItemFailures"]:
                return
            numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
            assert [failed["itemIdentifier"] for failed in answer["batchItemFailures"]] == numbers
        self.give_up(function, event)

    def give_up(self, function: str, event: Any) -> None:
        """Leave an event in the bucket for that, which tells the recorder."""
        self.given_up.append((function, event))
        key = f"aws/lambda/mapping/shard/2026/11/23/2026-11-23T18.05.11-{uuid.uuid4()}"
        self._buckets.put(self._buckets.given_up, key, record_of(self._cluster.arn(function), event, TRIES))
        self._cluster.invoke_async("recorder", object_created(self._buckets.given_up, key))


def record_of(function_arn: str, event: Any, invocations: int, condition: str = "RetryAttemptsExhausted") -> Any:
    """What Lambda leaves in the bucket of an event that it gives up."""
    record = load_event("given_up")
    told = {"functionArn": function_arn, "condition": condition, "approximateInvokeCount": invocations}
    record["requestContext"] |= told
    return record | {"payload": json.dumps(event)}


def item_created(table_name: str, image: Any) -> Any:
    """The event of an item's creation in a table."""
    event = copy.deepcopy(load_event("dynamodb_insert"))
    source = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table_name}/stream/2026-11-23T17:50:00.000"
    event["Records"][0]["eventSourceARN"] = source
    told = event["Records"][0]["dynamodb"]
    told |= {"Keys": {"Key": image["Key"]}, "NewImage": image, "SequenceNumber": f"{next(_sequence_numbers):021}"}
    return event
