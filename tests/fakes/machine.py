"""Step Functions: moto's interpreter runs the packaged definition; its tasks run the cluster's true wrappers."""

import io
import json
import time
from dataclasses import dataclass
from typing import Any

from scripts.package.source import Source
from scripts.package.workflow.state_machine import Mode, state_machine
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import ACCOUNT, Cluster, LambdaError
from tests.fakes.waiting import wait_until


@dataclass
class InterpreterLambda:
    """The Lambda client that moto's interpreter makes for itself, with our cluster behind it."""

    cluster: Cluster

    def invoke(self, FunctionName: str, Payload: Any) -> dict[str, Any]:
        """boto3's `Lambda.Client.invoke`, as much of it as the interpreter uses."""
        function = FunctionName.rpartition(":function:")[2].removeprefix(self.cluster.prefix)
        event = json.loads(Payload) if isinstance(Payload, str | bytes) else Payload
        try:
            answer, error = self.cluster.invoke(function, event), {}
        except LambdaError as failure:
            answer, error = failure.answer, {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(answer).encode()), **error}


class InstantRetries:
    """Stands for the `time` module where the interpreter waits before a retry: notes how long, and doesn't."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Note a pause."""
        self.pauses.append(seconds)

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class Machine:
    """The deployed state machine of one test."""

    def __init__(self, client: Any, cluster: Cluster, buckets: Buckets, mode: Mode) -> None:
        self._client, self._buckets, self._mode = client, buckets, mode
        definition = json.dumps(state_machine(Source().read(), mode))
        for function in ("mapper", "partition", "reducer", "summary", "recorder"):
            definition = definition.replace(f"${{function_arns.{function}}}", cluster.arn(function))
        definition = definition.replace("${returns_bucket}", buckets.returns).replace('"${map_concurrency}"', "10")
        created = client.create_state_machine(
            name=f"wordcount-{buckets.results}", definition=definition, roleArn=f"arn:aws:iam::{ACCOUNT}:role/sfn"
        )
        self._arn = created["stateMachineArn"]

    def start(self, run: str, items: list[Any]) -> str:
        """Start an execution over bare chunks or data; its ARN."""
        given: dict[str, Any] = {"data": items}
        if self._mode == "DISTRIBUTED":
            self._buckets.put(self._buckets.returns, f"{run}/mapper-input.json", items)
            given = {"size": len(items)}
        return self._client.start_execution(stateMachineArn=self._arn, name=run, input=json.dumps(given))["executionArn"]

    def wait(self, execution: str) -> dict[str, Any]:
        """The execution, once it has ended.

        Raises:
            TimeoutError: it took too long.
        """
        wait_until(lambda: self._describe(execution)["status"] != "RUNNING", "the execution to end")
        return self._describe(execution)

    def _describe(self, execution: str) -> dict[str, Any]:
        described: dict[str, Any] = self._client.describe_execution(executionArn=execution)
        return described
