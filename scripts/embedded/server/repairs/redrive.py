"""Step Functions: RedriveExecution, which ministack doesn't have.

As AWS documents it (https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html): an execution that failed or
was stopped goes on with the state that it was in, on that state's original input, with fresh retries and the definition that it
began with. Of an inline Map only those iterations run again that did not end well, of a Distributed Map such children.
"""

import contextvars
import copy
import json
import logging
import threading
from typing import Any

from scripts.embedded.server.patching import after_restart, module, wrap
from scripts.embedded.server.repairs.attempts import Branch, Over, begin, branches, current

_logger = logging.getLogger("embedded.redrive")
_UNSUCCESSFUL = ("FAILED", "ABORTED", "TIMED_OUT")


def redrive_executions() -> None:
    """Answer RedriveExecution, and tell of redrives in DescribeExecution.

    Unneeded once tests/embedded/test_redrive.py::test_redrive_goes_on_with_the_task_that_failed passes without it.
    """
    states = module(
        "services.stepfunctions",
        """
        _executions, _state_machines, _ExecutionError, json_response, error_response_json, now_iso,
        _emit_execution_status_event(execution), _finalize_response(response)
        """,
    )

    @wrap(states, "handle_request")
    async def handle(original: Any, method: Any, path: Any, headers: Any, body: Any, query_params: Any) -> Any:
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return states._finalize_response(_redrive(states, json.loads(body)))
        return await original(method, path, headers, body, query_params)

    @wrap(states, "_describe_execution")
    def describe(original: Any, data: Any) -> Any:
        status, headers, body = original(data)
        if status != 200:
            return status, headers, body
        execution = states._executions[data["executionArn"]]
        kind, reason = _redrivable(states, execution)
        told = {"redriveCount": execution.get("redriveCount", 0), "redriveStatus": kind}
        if reason:
            told["redriveStatusReason"] = reason
        if "redriveDate" in execution:
            told["redriveDate"] = execution["redriveDate"]
        return states.json_response({**json.loads(body), **told})


def fail_interrupted_executions() -> None:
    """Fail the executions that a restart interrupted, so that somebody hears of them; they can be redriven, from their start.

    AWS has no such thing. ministack has them back as running, though nothing runs them.

    Unneeded once tests/faults/test_restart.py::test_runs_outlive_a_restart passes without it.
    """
    states = module("services.stepfunctions", "_executions, _map_runs, now_iso, _fail_execution(execution, error, cause)")

    def fail() -> None:
        ended = {"status": "ABORTED", "stopDate": states.now_iso()}
        for run in states._map_runs.values():
            if run["status"] == "RUNNING":
                run.update(ended)
        for execution in list(states._executions.values()):
            if execution["status"] == "RUNNING" and execution.get("mapRunArn"):
                execution.update(ended)
            elif execution["status"] == "RUNNING":
                states._fail_execution(execution, "States.Runtime", "the embedded AWS was restarted")

    after_restart(fail)


def _redrivable(states: Any, execution: dict[str, Any]) -> tuple[str, str | None]:
    """`redriveStatus`, and why it is not REDRIVABLE."""
    if execution.get("mapRunArn"):
        return "REDRIVABLE_BY_MAP_RUN", None
    machine = states._state_machines.get(execution["stateMachineArn"])
    if execution.get("sync") or (machine and machine.get("type") == "EXPRESS"):
        return "NOT_REDRIVABLE", "Execution is of an EXPRESS state machine and cannot be redriven"
    if execution["status"] not in _UNSUCCESSFUL:
        return "NOT_REDRIVABLE", f"Execution is {execution['status']} and cannot be redriven"
    return "REDRIVABLE", None


def _redrive(states: Any, data: dict[str, Any]) -> Any:
    arn, token = str(data.get("executionArn")), data.get("clientToken")
    execution = states._executions.get(arn)
    if execution is None:
        return states.error_response_json("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'", 400)
    # A client whose answer was lost asks again with the same token.
    if token is None or execution.get("redriveToken") != token:
        kind, reason = _redrivable(states, execution)
        if kind != "REDRIVABLE":
            text = reason or "Execution is redrivable by its Map Run only"
            return states.error_response_json("ExecutionNotRedrivable", text, 400)
        before = branches.get(arn)
        whole_map = execution.get("error") == "States.DataLimitExceeded"
        reopen(states, execution)
        execution["redriveToken"] = token
        if before is not None and whole_map:
            before.iterations, before.map_run = {}, None
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_go_on, states, execution, before), daemon=True).start()
    return states.json_response({"redriveDate": execution["redriveDate"]})


def reopen(states: Any, execution: dict[str, Any]) -> None:
    """Let an execution that had ended be one that runs."""
    count = execution.get("redriveCount", 0) + 1
    execution.update(status="RUNNING", redriveCount=count, redriveDate=states.now_iso(), stopDate=None, output=None)
    execution.pop("error", None)
    execution.pop("cause", None)
    states._add_event(execution, "ExecutionRedriven", {"executionRedrivenEventDetails": {"redriveCount": count}})
    if not execution.get("mapRunArn"):
        states._emit_execution_status_event(execution)


def _go_on(states: Any, execution: dict[str, Any], before: Branch | None) -> None:
    if before is None or before.at is None:
        states._run_execution(execution["executionArn"])
        return
    branch = begin(execution, before.attempt.definition, before)
    branch.narrated = False
    current.set(branch)
    name, given = before.at
    try:
        parts = json.loads(branch.attempt.definition)["States"]
        output = json.dumps(states._run_sub_machine(parts, name, given, execution, copy.deepcopy(before.context)))
        branch.check()
    except Over:
        return
    except states._ExecutionError as error:
        states._fail_execution(execution, error.error, error.cause)
        return
    except Exception as error:
        _logger.exception("redrive of %s", execution["executionArn"])
        states._fail_execution(execution, "States.Runtime", str(error))
        return
    execution.update(status="SUCCEEDED", output=output, stopDate=states.now_iso())
    states._add_event(execution, "ExecutionSucceeded", {"executionSucceededEventDetails": {"output": output}})
    states._emit_execution_status_event(execution)
