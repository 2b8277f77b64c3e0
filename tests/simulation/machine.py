"""Step Functions: runs the packaged state machine. As much of the Amazon States Language as that uses, and nothing else.

https://states-language.net/spec.html. Lambda tasks may be throttled, and may run although their answer is lost: both are
errors that the definition has retriers of their own for. A redrive enters again what had not ended, with the input that it had
(https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html).
"""

import json
import re
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from scripts.package.workflow.model import RECORDER
from tests.simulation.faults import Faults, Lineage
from tests.simulation.lambdas import Lambda
from tests.simulation.world import World

TOO_LARGE = "States.DataLimitExceeded"

_INLINE_CONCURRENCY = 40
"""Iterations of an inline Map that run at once, at most
(https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html)."""

Done = Callable[[Any, tuple[str, str] | None], None]

_STATE_FIELDS = {
    "Task": {"Resource", "TimeoutSeconds", "Retry", "Catch", "Parameters", "ResultSelector", "ResultPath", "Next", "End"},
    "Map": {"ItemsPath", "MaxConcurrency", "ItemSelector", "ItemProcessor", "ResultSelector", "Next", "End"},
    "Pass": {"Parameters", "ResultPath", "Next"},
}
_STEP = re.compile(r"\.(\w+)|\['([^']+)'\]")
_CALL = re.compile(r"(States\.\w+)\((.*)\)")


class Machine:
    """One state machine; `definition` holds `${function_arns.f}` in place of ARNs, and a placeholder for `map_concurrency`.

    Attributes:
        status: of each execution, by name.
        overflowing: Maps whose output will be too large for a state, once each.
    """

    def __init__(
        self, world: World, faults: Faults, service: Lambda, definition: dict[str, Any], map_concurrency: int = 10
    ) -> None:
        self._world, self._faults, self._service, self._definition = world, faults, service, definition
        self.map_concurrency = map_concurrency
        self.status: dict[str, str] = {}
        self.overflowing: set[str] = set()
        self._branches: dict[str, _Branch] = {}

    def start(self, run: str, given: Any, on_failure: Callable[[], None] = lambda: None) -> None:
        """Start an execution; `on_failure` is called each time that it fails."""
        branch = self._begin(run, {"Name": run, "RedriveCount": 0}, on_failure)
        branch.enter(self._definition["StartAt"], given)

    def redrive(self, run: str, on_failure: Callable[[], None] = lambda: None) -> None:
        """Go on with an execution that failed."""
        assert self.status[run] == "FAILED", self.status[run]
        before = self._branches[run]
        count = before.context["Execution"]["RedriveCount"] + 1
        self._begin(run, {"Name": run, "RedriveCount": count}, on_failure).go_on(before)

    def place(self, run: str) -> tuple[str, list[int]]:
        """The state that an execution is or was in, and which iterations have ended well if that is a Map."""
        branch = self._branches[run]
        assert branch.at
        return branch.at[0], [index for index, iteration in enumerate(branch.iterations, 1) if iteration.output]

    def _begin(self, run: str, execution: dict[str, Any], on_failure: Callable[[], None]) -> "_Branch":
        self.status[run] = "RUNNING"

        def done(value: Any, error: tuple[str, str] | None) -> None:
            self.status[run] = "SUCCEEDED" if error is None else "FAILED"
            if error is not None:
                self._tell(execution, error)
                if error[0] == TOO_LARGE:
                    branch.iterations = []  # nothing of such a Map is kept
                on_failure()

        branch = self._branches[run] = _Branch(self, self._definition["States"], {"Execution": execution}, done)
        return branch

    def _tell(self, execution: dict[str, Any], error: tuple[str, str]) -> None:
        """Send EventBridge's event to the recorder of failures."""
        detail = {"name": execution["Name"], "status": "FAILED", "redriveCount": execution["RedriveCount"]}
        detail |= {"error": error[0], "cause": error[1]}
        event = {"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": detail}
        self._service.accept(RECORDER, json.dumps(event).encode())

    def invoke(self, function: str, payload: bytes, lineage: Lineage, done: Done) -> None:
        """Invoke a task's function once."""
        if lineage.answers > 0 and self._faults.of_delivery("queued again"):
            lineage.answers -= 1
            done(None, ("Lambda.TooManyRequestsException", "Rate Exceeded."))
            return
        told: Done = done
        if lineage.answers > 0 and self._faults.of_delivery("duplicated"):
            # The connection breaks: the function runs, nobody hears of it, and the task is tried again beside it.
            lineage.answers -= 1
            lost = ("Lambda.SdkClientException", "no answer")
            self._world.after(self._world.random.uniform(0, 5), lambda: done(None, lost))
            told = lambda value, error: None  # noqa: E731

        def ended(value: Any, error: dict[str, Any] | None) -> None:
            told(value, None if error is None else (error["errorType"], json.dumps(error)))

        self._service.run(function, payload, self._service.request_id(), lineage, ended)

    def overflows(self, at: tuple[str, Any] | None) -> bool:
        """Whether the state's output is too large this time."""
        if at is None or at[0] not in self.overflowing:
            return False
        self.overflowing.remove(at[0])
        return True

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after a pause of full jitter."""
        self._world.after(self._world.random.uniform(0, seconds), action)


class _Branch:
    """An execution, or one iteration of a Map; `stopped` is set when its Map has failed.

    Attributes:
        at: the state entered last, and its input.
        iterations: of that state, if it is a Map.
        output: in a list, once the branch has ended well.
    """

    def __init__(self, machine: Machine, states: dict[str, Any], context: dict[str, Any], done: Done) -> None:
        self._machine, self._states, self.context, self._done = machine, states, context, done
        self.stopped = False
        self.at: tuple[str, Any] | None = None
        self.iterations: list[_Branch] = []
        self.output: list[Any] = []

    def enter(self, name: str, value: Any, before: "_Branch | None" = None) -> None:
        """Run a state, and what follows it; `before` is this branch as it was when the execution failed within that state."""
        if self.stopped:
            return
        state, self.at, self.iterations = self._states[name], (name, value), []
        if unknown := state.keys() - _STATE_FIELDS[state["Type"]] - {"Type", "Comment"}:
            raise NotImplementedError(f"{name}: {unknown}")
        match state["Type"]:
            case "Map":
                self._map(state, value, before.iterations if before else [])
            case "Pass":
                self._leave(state, value, self._template(state["Parameters"], value))
            case _:
                self._try(state, value, Lineage(), {})

    def go_on(self, before: "_Branch") -> None:
        """Enter again the state that a failed execution was in."""
        assert before.at
        self.enter(*before.at, before)

    def _try(self, state: dict[str, Any], value: Any, lineage: Lineage, tried: dict[int, int]) -> None:
        if self.stopped:
            return
        given = self._template(state["Parameters"], value) if "Parameters" in state else value

        def done(result: Any, error: tuple[str, str] | None) -> None:
            if self.stopped:
                return
            if error is None:
                self._leave(state, value, result)
                return
            for number, retrier in enumerate(state["Retry"]):
                if _matches(error, retrier):
                    count = tried[number] = tried.get(number, 0) + 1
                    if count > retrier["MaxAttempts"]:
                        break
                    pause = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** (count - 1)
                    again = lambda: self._try(state, value, lineage, tried)  # noqa: E731
                    self._machine.later(min(pause, retrier.get("MaxDelaySeconds", pause)), again)
                    return
            self._catch(state, value, error)

        function = state["Resource"].removeprefix("${function_arns.").removesuffix("}")
        self._machine.invoke(function, json.dumps(given).encode(), lineage, done)

    def _map(self, state: dict[str, Any], value: Any, before: list["_Branch"]) -> None:
        items, processor = self._path(state["ItemsPath"], value), state["ItemProcessor"]
        if not items:
            self._leave(state, value, [])
            return

        def done(result: Any, error: tuple[str, str] | None) -> None:
            if error is not None:
                for branch in self.iterations:
                    branch.stopped = True
                if not self.stopped:
                    self._catch(state, value, error)
                return
            begin_next()
            if all(branch.output for branch in self.iterations):
                if self._machine.overflows(self.at):
                    self._catch(state, value, (TOO_LARGE, "The output of the Map state exceeds 262144 bytes."))
                    return
                self._leave(state, value, [branch.output[0] for branch in self.iterations])

        for index, item in enumerate(items):
            context = {**self.context, "Map": {"Item": {"Index": index, "Value": item}}}
            self.iterations.append(_Branch(self._machine, processor["States"], context, done))
        waiting: deque[Callable[[], None]] = deque()
        for index, branch in enumerate(self.iterations):
            earlier = before[index] if before else None
            if earlier and earlier.output:
                branch.output = earlier.output
            elif earlier and earlier.at:
                waiting.append(partial(branch.go_on, earlier))
            else:
                given = branch._template(state["ItemSelector"], value)
                waiting.append(partial(branch.enter, processor["StartAt"], given))

        def begin_next() -> None:
            if waiting:
                self._machine.later(0.1, waiting.popleft())

        for _ in range(min(self._machine.map_concurrency, _INLINE_CONCURRENCY)):
            begin_next()

    def _catch(self, state: dict[str, Any], value: Any, error: tuple[str, str]) -> None:
        for catcher in state.get("Catch", ()):
            if _matches(error, catcher):
                told = {"Error": error[0], "Cause": error[1]}
                self.enter(catcher["Next"], _placed(value, told, catcher["ResultPath"]))
                return
        self._done(None, error)

    def _leave(self, state: dict[str, Any], value: Any, result: Any) -> None:
        if "ResultSelector" in state:
            result = self._template(state["ResultSelector"], result)
        output = _placed(value, result, state.get("ResultPath", "$"))
        if state.get("End"):
            if not self.stopped:
                self.output = [output]
                self._done(output, None)
        else:
            self.enter(state["Next"], output)

    def _template(self, template: Any, value: Any) -> Any:
        if isinstance(template, dict):
            return {
                key.removesuffix(".$"): self._path(inner, value) if key.endswith(".$") else self._template(inner, value)
                for key, inner in template.items()
            }
        return template

    def _path(self, path: str, value: Any) -> Any:
        if match := _CALL.fullmatch(path):
            arguments = [self._path(text.strip(), value) for text in match[2].split(",")]
            match match[1], arguments:
                case "States.MathAdd", [left, right]:
                    return left + right
                case "States.ArrayLength", [array]:
                    return len(array)
            raise NotImplementedError(path)
        if not path.startswith("$"):
            return json.loads(path)
        found, steps = (self.context, path[2:]) if path.startswith("$$") else (value, path[1:])
        position = 0
        while position < len(steps):
            step = _STEP.match(steps, position)
            if step is None:
                raise NotImplementedError(path)
            found, position = found[step[1] or step[2]], step.end()
        return found


def _matches(error: tuple[str, str], rule: dict[str, Any]) -> bool:
    return error[0] in rule["ErrorEquals"] or rule["ErrorEquals"] == ["States.ALL"]


def _placed(value: Any, result: Any, path: str | None) -> Any:
    if path is None:
        return value
    if path == "$":
        return result
    return {**value, path.removeprefix("$."): result}
