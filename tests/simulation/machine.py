"""Step Functions: runs the packaged state machine. As much of the Amazon States Language as that uses, and nothing else.

https://states-language.net/spec.html. Lambda tasks may be throttled, and may run although their answer is lost: both are
errors that the definition's first retrier is for.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from tests.simulation.faults import Faults, Lineage
from tests.simulation.lambdas import Lambda
from tests.simulation.world import World

Done = Callable[[Any, tuple[str, str] | None], None]

_STATE_FIELDS = {
    "Task": {"Resource", "TimeoutSeconds", "Retry", "Catch", "Parameters", "ResultSelector", "ResultPath", "Next", "End"},
    "Map": {"ItemsPath", "MaxConcurrency", "ItemSelector", "ItemProcessor", "Catch", "Next", "End"},
    "Fail": {"ErrorPath", "CausePath"},
}
_STEP = re.compile(r"\.(\w+)|\['([^']+)'\]")
_CALL = re.compile(r"(States\.\w+)\((.*)\)")


class Machine:
    """One state machine; `definition` holds `${function}` where Terraform puts ARNs."""

    def __init__(self, world: World, faults: Faults, service: Lambda, definition: dict[str, Any]) -> None:
        self._world, self._faults, self._service, self._definition = world, faults, service, definition
        self.status: dict[str, str] = {}

    def start(self, run: str, given: Any) -> None:
        """Start an execution."""
        self.status[run] = "RUNNING"

        def done(value: Any, error: tuple[str, str] | None) -> None:
            self.status[run] = "SUCCEEDED" if error is None else "FAILED"

        _Branch(self, self._definition["States"], {"Execution": {"Name": run}}, done).enter(self._definition["StartAt"], given)

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
            self._world.after(self._world.random.uniform(0, 5), lambda: done(None, ("Lambda.Unknown", "no answer")))
            told = lambda value, error: None  # noqa: E731

        def ended(value: Any, error: dict[str, Any] | None) -> None:
            told(value, None if error is None else (error["errorType"], json.dumps(error)))

        self._service.run(function, payload, self._service.request_id(), lineage, ended)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after a pause of full jitter."""
        self._world.after(self._world.random.uniform(0, seconds), action)


class _Branch:
    """An execution, or one iteration of a Map; `stopped` is set when its Map has failed."""

    def __init__(self, machine: Machine, states: dict[str, Any], context: dict[str, Any], done: Done) -> None:
        self._machine, self._states, self._context, self._done = machine, states, context, done
        self.stopped = False

    def enter(self, name: str, value: Any) -> None:
        """Run a state, and what follows it."""
        if self.stopped:
            return
        state = self._states[name]
        if unknown := state.keys() - _STATE_FIELDS[state["Type"]] - {"Type", "Comment"}:
            raise NotImplementedError(f"{name}: {unknown}")
        if state["Type"] == "Fail":
            self._done(None, (self._path(state["ErrorPath"], value), self._path(state["CausePath"], value)))
        elif state["Type"] == "Map":
            self._map(state, value)
        else:
            self._try(state, value, Lineage(), {})

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

        function = state["Resource"].removeprefix("${").removesuffix("}")
        self._machine.invoke(function, json.dumps(given).encode(), lineage, done)

    def _map(self, state: dict[str, Any], value: Any) -> None:
        items = self._path(state["ItemsPath"], value)
        results: list[Any] = [None] * len(items)
        left, branches = [len(items)], []
        if not items:
            self._leave(state, value, [])
            return

        def iteration(index: int, item: Any) -> None:
            context = {**self._context, "Map": {"Item": {"Index": index, "Value": item}}}

            def done(result: Any, error: tuple[str, str] | None) -> None:
                if error is not None:
                    for branch in branches:
                        branch.stopped = True
                    if not self.stopped:
                        self._catch(state, value, error)
                    return
                results[index] = result
                left[0] -= 1
                if left[0] == 0:
                    self._leave(state, value, results)

            branch = _Branch(self._machine, state["ItemProcessor"]["States"], context, done)
            branches.append(branch)
            given = _Branch(self._machine, {}, context, done)._template(state["ItemSelector"], value)
            self._machine.later(0.1, lambda: branch.enter(state["ItemProcessor"]["StartAt"], given))

        for index, item in enumerate(items):
            iteration(index, item)

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
        found, steps = (self._context, path[2:]) if path.startswith("$$") else (value, path[1:])
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
