"""Step Functions: where each execution is, so that it can be stopped for good and entered again.

ministack walks an execution's states on the stack of a thread and keeps no note of it. Here each execution, child of a
Distributed Map and iteration of an inline Map has a `Branch`, which says what it entered last and with which input. The branches
of an execution share an `Attempt`: a redrive makes new ones from the old, and whoever still runs for an attempt that is over
goes no further, as on AWS, where a Lambda function that was invoked may end but nobody hears of it.
"""

import contextvars
import copy
import json
import threading
from dataclasses import dataclass, field
from typing import Any

from scripts.embedded.server.patching import module, setting, wrap

_STATES = [f"_execute_{kind}" for kind in ("pass", "choice", "wait", "task", "parallel", "map")]


class Over(BaseException):
    """Ends a thread whose attempt is over: no retrier, catcher or handler of errors may take it for a failure of its own."""


@dataclass
class Attempt:
    """One attempt at an execution, its first or a redrive.

    Attributes:
        execution: ministack's record.
        context: the part of `$$.Execution` that tells how often it was redriven.
        definition: as JSON, for the attempts after this one too, whatever becomes of the state machine; "" for a child.
        alive: until the execution ends or is stopped.
    """

    execution: dict[str, Any]
    context: dict[str, Any]
    definition: str
    alive: bool = True


@dataclass
class Branch:
    """See the module's text.

    Attributes:
        before: this branch in the attempt before, until the state that it was in is entered again.
        resumed: likewise, while that state is executed.
        at: name and input of the state entered last; `kind` is its type, `context` its context object.
        iterations: of that state, by index.
        map_run: of that state.
        output: in a list, once the branch has ended well.
        narrated: whether ministack itself puts the states of this branch into the history, or need not.
    """

    attempt: Attempt
    before: "Branch | None" = None
    resumed: "Branch | None" = None
    at: tuple[str, Any] | None = None
    kind: str = ""
    context: dict[str, Any] = field(default_factory=dict)
    iterations: "dict[int, Branch]" = field(default_factory=dict)
    map_run: dict[str, Any] | None = None
    output: list[Any] = field(default_factory=list)
    narrated: bool = True

    def check(self) -> None:
        """Raises Over when nothing may be done for this branch any more."""
        if not self.attempt.alive:
            raise Over

    def enter(self, kind: str, context: dict[str, Any], given: Any) -> None:
        """Note that a state is entered."""
        self.check()
        self.at, self.kind, self.context = (context["State"]["Name"], given), kind, context
        self.resumed, self.before = self.before, None
        self.iterations, self.map_run = {}, None
        context["Execution"].update(self.attempt.context)

    def start(self, first: str, given: Any) -> tuple[str, Any]:
        """The state to begin with, and its input: the one that the attempt before was in, or the first."""
        if self.before is not None and self.before.at is not None:
            return self.before.at
        self.before = None
        return first, given


current: contextvars.ContextVar[Branch | None] = contextvars.ContextVar("branch", default=None)
"""The branch that this thread, or whoever started it, works for."""

branches: dict[str, Branch] = {}
"""The topmost branch of each execution, by ARN."""

_history = threading.Lock()


def begin(execution: dict[str, Any], definition: str, before: Branch | None = None) -> Branch:
    """Make the branch of an execution that begins, or is redriven."""
    redrives = execution.get("redriveCount", 0)
    context: dict[str, Any] = {"RedriveCount": redrives}
    if execution.get("mapRunArn"):
        context["Input"] = json.loads(execution["input"])
    if redrives:
        context["RedriveTime"] = execution["redriveDate"]
    branch = branches[execution["executionArn"]] = Branch(Attempt(execution, context, definition), before)
    return branch


def follow_executions() -> None:
    """Keep a branch for each execution and iteration; show iterations in the history, as AWS does and ministack doesn't.

    Unneeded once tests/embedded/test_redrive.py::test_an_iteration_goes_on_with_the_state_that_failed passes without it.
    """
    service = module("services.stepfunctions", "_executions, _state_machines")

    def tell(execution: Any, event: str, told: dict[str, Any]) -> None:
        details = event if event.startswith("MapIteration") else event[event.index("State") :]
        service._add_event(execution, event, {f"{details[0].lower()}{details[1:]}EventDetails": told})

    @wrap(service, "_run_execution")
    def run(original: Any, exec_arn: str) -> None:
        execution = service._executions.get(exec_arn)
        machine = service._state_machines.get(execution["stateMachineArn"]) if execution else None
        if machine is not None:
            current.set(begin(execution, machine["definition"]))
        try:
            original(exec_arn)
        except Over:
            return

    @wrap(service, "_run_sub_machine")
    def run_part(original: Any, states: Any, start_at: Any, input_data: Any, execution: Any, ctx: Any) -> Any:
        parent = current.get()
        if parent is None or parent.at is None:
            return original(states, start_at, input_data, execution, ctx)
        if parent.kind != "Map":
            with setting(current, Branch(parent.attempt)):
                return original(states, start_at, input_data, execution, ctx)
        index = ctx["Map"]["Item"]["Index"]
        before = parent.resumed.iterations.pop(index, None) if parent.resumed else None
        branch = parent.iterations[index] = Branch(parent.attempt, before)
        if before is not None and before.output:
            branch.output = before.output
            return copy.deepcopy(before.output[0])
        told = {"name": ctx["State"]["Name"], "index": index}
        if before is None:
            tell(execution, "MapIterationStarted", told)
        name, given = branch.start(start_at, input_data)
        try:
            with setting(current, branch):
                output = original(states, name, given, execution, ctx)
        except Exception:
            tell(execution, "MapIterationFailed", told)
            raise
        branch.output = [output]
        tell(execution, "MapIterationSucceeded", told)
        return output

    @wrap(service, *_STATES)
    def execute(original: Any, state_def: Any, raw_input: Any, *rest: Any) -> Any:
        branch = current.get()
        if branch is None:
            return original(state_def, raw_input, *rest)
        kind, execution = str(state_def.get("Type")), branch.attempt.execution
        branch.enter(kind, rest[-1], raw_input)
        name = branch.context["State"]["Name"]
        if not (branch.narrated or branch.resumed):
            tell(execution, f"{kind}StateEntered", {"name": name, "input": json.dumps(raw_input)})
        output, following = original(state_def, raw_input, *rest)
        branch.check()
        if not branch.narrated:
            tell(execution, f"{kind}StateExited", {"name": name, "output": json.dumps(output)})
        return output, following

    @wrap(service, "_add_event")
    def add(original: Any, execution: Any, event_type: Any, details: Any = None) -> Any:
        branch = current.get()
        if branch is None or branch.attempt.alive:
            with _history:
                original(execution, event_type, details)


def stop_for_good() -> None:
    """Let nothing go on for an execution that has ended or was stopped: no task, retry, iteration or child begins any more.

    ministack lets the Map of a stopped execution run to its end, and calls the execution failed if that fails.

    Unneeded once tests/embedded/test_redrive.py::test_nothing_goes_on_after_a_stop passes without it.
    """
    states = module("services.stepfunctions", "_executions")

    @wrap(states, "_call_lambda")
    def call(original: Any, func_ref: Any, event: Any) -> Any:
        branch = current.get()
        if branch is not None:
            branch.check()
        return original(func_ref, event)

    @wrap(states, "_fail_execution")
    def fail(original: Any, execution: Any, error: Any, cause: Any) -> None:
        branch = current.get()
        if branch is None or branch.attempt.alive:
            original(execution, error, cause)
            if branch is not None:
                branch.attempt.alive = False

    @wrap(states, "_stop_execution")
    def stop(original: Any, data: Any) -> Any:
        arn = data.get("executionArn")
        branch, execution = branches.get(arn), states._executions.get(arn)
        if branch is not None and execution and execution["status"] == "RUNNING":
            branch.attempt.alive = False
        return original(data)
