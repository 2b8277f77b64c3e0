"""What stores trigger: S3's event notifications, and DynamoDB's streams with their event source mappings."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from tests.fakes.streams import record_of
from tests.simulation.faults import Faults, Lineage
from tests.simulation.lambdas import Lambda
from tests.simulation.objects import Buckets, Written
from tests.simulation.observer import GIVEN_UP
from tests.simulation.tables import Change
from tests.simulation.world import World

STREAM_RETRIES = 5
"""As terraform/modules/dynamodb_triggers has it."""


class Notifications:
    """Each object that is created in a bucket, under a name of some ending, is an event of its function: at least one.

    Unlike the duplicates of Lambda's own queue, those of S3 come under request ids of their own.
    """

    def __init__(self, faults: Faults, service: Lambda, functions: Mapping[str, str], ending: str = "") -> None:
        self._faults, self._service, self._functions, self._ending = faults, service, functions, ending

    def __call__(self, written: Written) -> None:
        """Watch the buckets."""
        function = self._functions.get(written.bucket)
        if function is None or not written.key.endswith(self._ending):
            return
        record = {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": written.bucket}, "object": {"key": quote_plus(written.key, safe="/")}},
        }
        payload = json.dumps({"Records": [record]}).encode()
        self._service.accept(function, payload)
        if self._faults.of_delivery("duplicated"):
            self._service.accept(function, payload)


class Streams:
    """Each new item that is addressed to its table's function is delivered until that reports no failure, six times at most.

    A record that is delivered again counts among its item's attempts, so that duplicates take from what the item can survive.

    Attributes:
        given_up: how many records failed each time: the mapping leaves them in a bucket.
    """

    def __init__(self, world: World, faults: Faults, service: Lambda, functions: Mapping[str, str], buckets: Buckets) -> None:
        self._world, self._faults, self._service, self._functions, self._buckets = world, faults, service, functions, buckets
        self._number = 0
        self.given_up = 0

    def __call__(self, change: Change) -> None:
        """Watch the tables."""
        self._number += 1
        function = self._functions.get(change.table)
        if function is None or change.before is not None or change.after.get("To") != {"S": function}:
            return
        record = {
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "eventSourceARN": f"arn:aws:dynamodb:us-east-1:123456789012:table/{change.table}/stream/2026-11-23T17:50:00.000",
            "dynamodb": {
                "Keys": {"Key": change.after["Key"]},
                "NewImage": change.after,
                "SequenceNumber": f"{self._number:021}",
            },
        }
        payload, faults, random = json.dumps({"Records": [record]}).encode(), self._faults, self._world.random
        lineage = Lineage()
        delays = [random.uniform(0, 30) if faults.of_delivery("delayed") else random.uniform(0, 0.3)]
        if faults.of_delivery("duplicated"):
            lineage.left -= 1
            delays.append(delays[0] + random.expovariate(2))
        elif faults.of_delivery("late duplicate"):
            lineage.left -= 1
            delays.append(random.uniform(60, 900))
        for delay in delays:
            self._later(delay, function, payload, lineage, 1)

    def _later(self, delay: float, function: str, payload: bytes, lineage: Lineage, attempt: int) -> None:
        self._world.after(delay, lambda: self._deliver(function, payload, lineage, attempt))

    def _deliver(self, function: str, payload: bytes, lineage: Lineage, attempt: int) -> None:
        def ended(value: Any, error: dict[str, Any] | None) -> None:
            if error is None and not value["batchItemFailures"]:
                return
            if attempt <= STREAM_RETRIES:
                self._later(self._world.random.uniform(0.5, 2) * attempt, function, payload, lineage, attempt + 1)
            else:
                self._give_up(function, payload, attempt)

        self._service.run(function, payload, self._service.request_id(), lineage, ended)

    def _give_up(self, function: str, payload: bytes, invocations: int) -> None:
        self.given_up += 1
        self._world.trace("given up", function)
        record = record_of(self._service.arn(function), json.loads(payload), invocations)
        key = f"aws/lambda/mapping/shard/2026/11/23/2026-11-23T18.05.11-{self.given_up}"
        self._buckets.write(GIVEN_UP, key, json.dumps(record).encode())
