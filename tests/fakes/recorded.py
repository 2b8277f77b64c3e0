"""An orchestration of one function that writes down what the wrapper calls, and the wrapper around it."""

from typing import Any

from runtime.orchestration.contract import Invocation, Orchestration
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.workflow.envelope import Envelope, FanOut
from runtime.orchestration.wrapper import Wrapper
from runtime.run import current_run
from tests.fakes.places import WORDCOUNT

SETTINGS = Settings("recorded", "mapper", "prefix-", "returns", "results", place=WORDCOUNT["mapper"])
EVENT = {"Session": "run1", "Data": {"Source": "http", "Value": 1}, "Fan-out": {"Index": 3, "Size": 6}}


class Recorded(Orchestration):
    """An orchestration that writes down what is called, with the run in force; raises in the step `breaks`."""

    def __init__(self, found: Found | None = None, breaks: str | None = None, error: BaseException | None = None) -> None:
        self.calls: list[tuple[str, Any, Any]] = []
        self._found, self._breaks, self._error = found, breaks, error

    def step(self, name: str, value: Any = None) -> None:
        run = current_run()
        self.calls.append((name, value, (run.run_id, run.index)))
        run.requests["s3.PutObject"] += 1
        if name == self._breaks:
            raise LookupError(f"{name} broken") if self._error is None else self._error

    def ingress(self, event: Any, context: Any) -> Invocation:
        self.step("ingress")
        envelope = Envelope.parse(event)
        place = envelope.fan_out or FanOut(0, 0)
        return Invocation(envelope.run_id, envelope, context, place.index or None, place.size or None)

    def stored(self, invocation: Invocation) -> Found | None:
        self.step("stored")
        return self._found

    def read(self, invocation: Invocation) -> Any:
        self.step("read")
        return "read"

    def component(self, value: Any, context: Any) -> Any:
        self.step("component", value)
        return "computed"

    def fan_out(self, invocation: Invocation, values: list[Any]) -> Any:
        raise NotImplementedError

    def egress(self, invocation: Invocation, value: Any) -> Any:
        self.step("egress", value)
        invocation.notes["polls"] = 7
        return "answer"


class Results:
    """The bucket of results, which has the failures of these runs."""

    def __init__(self, failed: set[str]) -> None:
        self._failed = failed

    def list_keys(self, bucket: str, prefix: str) -> list[str]:
        return [f"{run}/failed.json" for run in self._failed if bucket == "results" and prefix == f"{run}/"]

    def create(self, bucket: str, key: str, body: bytes) -> bool:
        return True


def wrap(orchestration: Recorded) -> Wrapper:
    return Wrapper(SETTINGS, orchestration, orchestration.component)
