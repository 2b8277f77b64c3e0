"""One orchestration as a client meets it: start a run over chunks, wait until it has ended."""

from typing import Any, Protocol

from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster
from tests.fakes.machine import Machine


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
