"""One orchestration as a client meets it: start a run over chunks, wait until it has ended."""

import json
from typing import Any, Protocol

from runtime.orchestration.ending.record import FailureRecord, from_response
from runtime.orchestration.ending.result import record_failure
from runtime.orchestration.s3_triggers.stage import NOTHING, Stage, value_name
from runtime.orchestration.values.returns import Returns
from runtime.orchestration.values.table import Table
from runtime.ports import ports
from runtime.run import Run, within
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster, LambdaError
from tests.fakes.machine import Machine
from tests.fakes.notifications import Notifications
from tests.fakes.streams import Streams


class Deployment(Protocol):
    """What the tests of all orchestrations use."""

    buckets: Buckets
    cluster: Cluster

    def start(self, run: str, chunks: list[Any]) -> None:
        """Start a run over chunks."""

    def wait(self) -> None:
        """Return when every run that was started has ended. Raises TimeoutError."""


class StateMachine:
    """sfn."""

    def __init__(self, buckets: Buckets, cluster: Cluster, machine: Machine) -> None:
        self.buckets, self.cluster, self.machine = buckets, cluster, machine
        self.executions: list[str] = []

    def start(self, run: str, chunks: list[Any]) -> None:
        """Start an execution."""
        self.executions.append(self.machine.start(run, chunks))

    def wait(self) -> None:
        """Wait for all executions."""
        for execution in self.executions:
            self.machine.wait(execution)


class InvokedFunctions:
    """The orchestrations that a client starts by invoking unum_map asynchronously."""

    def __init__(self, buckets: Buckets, cluster: Cluster) -> None:
        self.buckets, self.cluster = buckets, cluster

    def start(self, run: str, chunks: list[Any]) -> None:
        """Invoke the entry."""
        self.cluster.invoke_async("unum_map", {"Session": run, "Data": {"Source": "http", "Value": chunks}})

    def wait(self) -> None:
        """Wait until no function runs."""
        self.cluster.wait_idle()


class CalledFunctions:
    """http_only: the client invokes unum_map and waits for its answer; when that is an error, it records the failure.

    Attributes:
        answers: what unum_map answered, by run; a LambdaError where it raised.
    """

    def __init__(self, buckets: Buckets, cluster: Cluster) -> None:
        self.buckets, self.cluster = buckets, cluster
        self.answers: dict[str, Any] = {}

    def start(self, run: str, chunks: list[Any]) -> None:
        """Invoke the entry on a thread."""

        def call() -> None:
            try:
                self.answers[run] = self.cluster.invoke("unum_map", {"Session": run, "Data": {"Source": "http", "Value": chunks}})
            except LambdaError as error:
                self.answers[run] = error
                told = from_response(error.answer)
                told |= {"function": "unum_map", "index": None, "attempts": 1}
                record_failure(self.buckets.results, FailureRecord.parse(run, self.cluster.prefix, told))

        self.cluster.submit(call)

    def wait(self) -> None:
        """Wait until no function runs."""
        self.cluster.wait_idle()


class TriggeredByObjects:
    """s3_triggers."""

    def __init__(self, buckets: Buckets, cluster: Cluster, notifications: Notifications) -> None:
        self.buckets, self.cluster, self.notifications = buckets, cluster, notifications

    def start(self, run: str, chunks: list[Any]) -> None:
        """Create the chunks, or what stands for none."""
        with within(Run(run)):
            stage = Stage(self.buckets.stages["mapper-input" if chunks else "mapper-output"], run)
            stage.create_or_read(".unum_map" if chunks else ".sync", {"Size": len(chunks), "Marked": True})
            for index, chunk in enumerate(chunks, 1):
                ports().s3.create(stage.bucket, stage.key(value_name(index)), json.dumps(chunk).encode())
            if not chunks:
                stage.create_or_read(value_name(NOTHING), None)

    def wait(self) -> None:
        """Deliver what is held back, until nothing is and no function runs."""
        self.cluster.wait_idle()
        while self.notifications.schedule.release():
            self.cluster.wait_idle()


class TriggeredByItems:
    """dynamodb_triggers."""

    def __init__(self, buckets: Buckets, cluster: Cluster, streams: Streams) -> None:
        self.buckets, self.cluster, self.streams = buckets, cluster, streams

    def start(self, run: str, chunks: list[Any]) -> None:
        """Create the chunks' items, or the one that stands for none."""
        with within(Run(run)):
            if not chunks:
                self.table("mapper-output", run).create_item("fan-in", {}, To="partition", Size=0)
            for index, chunk in enumerate(chunks, 1):
                held = {"Value": {"S": json.dumps(chunk)}}
                self.table("mapper-input", run).create_item(str(index), held, To="mapper", Index=index, Size=len(chunks))

    def wait(self) -> None:
        """Deliver what is held back, until nothing is and no function runs."""
        self.cluster.wait_idle()
        while self.streams.schedule.release():
            self.cluster.wait_idle()

    def table(self, role: str, run: str) -> Table:
        """A run's part of a table."""
        return Table(self.buckets.tables.names[role], run, Returns(self.buckets.returns, run))
