"""Step Functions: the Map Runs of Distributed Maps, whose children can be stopped and redriven.

ministack makes a Map Run anew each time and knows a child's index only while it runs. This replaces the whole of it, and keeps
the children with their Map Run: `run["_children"]` by index. What begins with an underscore ministack tells nobody.
"""

import contextvars
import copy
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from scripts.embedded.server.patching import module, wrap
from scripts.embedded.server.repairs.attempts import Branch, Over, begin, branches, current
from scripts.embedded.server.repairs.redrive import reopen

_OUTCOMES = {"RUNNING": "running", "SUCCEEDED": "succeeded", "FAILED": "failed", "ABORTED": "aborted"}
_NEVER = ("timedOut", "resultsWritten", "failuresNotRedrivable", "pendingRedrive")
_MOST_AT_ONCE = 64

_changing = threading.Lock()
"""Held to begin or end a child, so that none begins in a Map Run that has ended."""


def run_children() -> None:
    """Run Distributed Maps as AWS does:

    - a Map Run that fails or is stopped aborts the children that run, and starts no more;
    - a redriven one keeps its ARN, and redrives the children that did not succeed;
    - a Map whose child can't be given its input fails, while ministack goes on with null for that child's result.

    Unneeded once tests/embedded/test_redrive.py::test_a_map_run_is_redriven_with_its_children passes without it.
    """
    states = module(
        "services.stepfunctions",
        """
        _executions, _map_runs, _ExecutionError, new_uuid, now_iso,
        _read_map_items(reader, effective, ctx), _resolve_path_or_ctx(path, data, ctx), _next_or_end(state_def),
        _resolve_params_obj(template, data, ctx), _apply_result_selector(state_def, data),
        _apply_result_path(state_def, original, result), _apply_output_path(state_def, data, ctx)
        """,
    )

    @wrap(states, "_run_distributed_map")
    def run(_original: Any, state_def: Any, raw_input: Any, effective: Any, iterator: Any, execution: Any, ctx: Any) -> Any:
        parent = current.get()
        if parent is None:
            raise RuntimeError(f"a Distributed Map outside an execution: {execution['executionArn']}")
        results = _MapRun(states, parent, state_def, effective, iterator, ctx).results()
        output = states._apply_result_path(state_def, raw_input, states._apply_result_selector(state_def, results))
        return states._apply_output_path(state_def, output, ctx), states._next_or_end(state_def)

    @wrap(states, "_map_run_view")
    def view(original: Any, run: Any) -> Any:
        known = Counter(_OUTCOMES[child["status"]] for child in list(run["_children"].values()))
        counts = {name: known[name] for name in (*_OUTCOMES.values(), *_NEVER)}
        counts |= {"total": run["_total"], "pending": run["_total"] - known.total()}
        return {**original(run), "itemCounts": counts, "executionCounts": counts}

    @wrap(states, "_stop_execution")
    def stop(original: Any, data: Any) -> Any:
        response = original(data)
        if response[0] == 200:
            for run in list(states._map_runs.values()):
                if run["executionArn"] == data["executionArn"]:
                    _end(states, run, "ABORTED")
        return response


def _end(states: Any, run: dict[str, Any], status: str) -> None:
    """End a Map Run, and with it the children that run; nothing if it has ended."""
    with _changing:
        if run["status"] != "RUNNING":
            return
        run.update(status=status, stopDate=states.now_iso())
        for child in run["_children"].values():
            if child["status"] == "RUNNING":
                branches[child["executionArn"]].attempt.alive = False
                child.update(status="ABORTED", stopDate=states.now_iso())


class _MapRun:
    """A Map Run while it is executed."""

    def __init__(self, states: Any, parent: Branch, state_def: Any, effective: Any, iterator: Any, ctx: Any) -> None:
        self._states, self._state_def, self._effective, self._ctx = states, state_def, effective, ctx
        self._iterator, self._parent, self._execution = iterator, parent, parent.attempt.execution
        self._broken: list[Exception] = []

    def results(self) -> list[Any]:
        """Run the children; their outputs, in the order of the items. Raises ministack's _ExecutionError."""
        states, state_def = self._states, self._state_def
        self._items = self._read()
        before = self._parent.resumed.map_run if self._parent.resumed else None
        self._run = self._parent.map_run = self._begin() if before is None else self._redriven(before)
        workers = int(state_def.get("MaxConcurrency") or 0) or min(len(self._items), _MOST_AT_ONCE) or 1
        with ThreadPoolExecutor(max_workers=workers) as pool:
            futures = [
                pool.submit(contextvars.copy_context().run, self._child, index, item) for index, item in enumerate(self._items)
            ]
        for future in futures:
            future.result()
        self._parent.check()
        if self._broken:
            raise self._broken[0]
        if self._run["status"] == "FAILED":
            text = "The specified tolerated failure threshold was exceeded"
            raise states._ExecutionError("States.ExceedToleratedFailureThreshold", text)
        _end(states, self._run, "SUCCEEDED")
        children = self._run["_children"]
        return [
            json.loads(children[index]["output"]) if children[index]["status"] == "SUCCEEDED" else None
            for index in range(len(self._items))
        ]

    def _read(self) -> list[Any]:
        if self._state_def.get("ItemReader"):
            items = self._states._read_map_items(self._state_def["ItemReader"], self._effective, self._ctx)
        else:
            items = self._states._resolve_path_or_ctx(self._state_def.get("ItemsPath", "$"), self._effective, self._ctx)
        return items if isinstance(items, list) else [items]

    def _begin(self) -> dict[str, Any]:
        states, state_def = self._states, self._state_def
        machine, label = self._execution["stateMachineArn"], state_def.get("Label") or states.new_uuid()
        run = {
            "mapRunArn": f"{machine.replace(':stateMachine:', ':mapRun:')}/{label}:{states.new_uuid()}",
            "executionArn": self._execution["executionArn"],
            "status": "RUNNING",
            "startDate": states.now_iso(),
            "maxConcurrency": int(state_def.get("MaxConcurrency") or 0),
            "toleratedFailurePercentage": float(state_def.get("ToleratedFailurePercentage") or 0),
            "toleratedFailureCount": int(state_def.get("ToleratedFailureCount") or 0),
            "redriveCount": 0,
            "_stateMachineArn": f"{machine}/{label}",
            "_total": len(self._items),
            "_children": {},
        }
        states._map_runs[run["mapRunArn"]] = run
        return run

    def _redriven(self, run: dict[str, Any]) -> dict[str, Any]:
        run.update(status="RUNNING", redriveCount=run["redriveCount"] + 1, redriveDate=self._states.now_iso(), stopDate=None)
        told = {"mapRunArn": run["mapRunArn"], "redriveCount": run["redriveCount"]}
        self._states._add_event(self._execution, "MapRunRedriven", {"mapRunRedrivenEventDetails": told})
        return run

    def _child(self, index: int, item: Any) -> None:
        states, run = self._states, self._run
        context = {**copy.deepcopy(self._ctx), "Map": {"Item": {"Index": index, "Value": item}}}
        with _changing:
            if not self._parent.attempt.alive or run["status"] != "RUNNING":
                return
            try:
                branch = self._open(index, context, item)
            except states._ExecutionError as error:
                self._broken.append(error)
                run.update(status="FAILED", stopDate=states.now_iso())
                return
        if branch is None:
            return
        child = branch.attempt.execution
        first, given = branch.start(self._iterator["StartAt"], json.loads(child["input"]))
        current.set(branch)
        try:
            output = states._run_sub_machine(self._iterator["States"], first, given, child, context)
            told: dict[str, Any] = {"status": "SUCCEEDED", "output": json.dumps(output)}
        except Over:
            return
        except Exception as error:
            name, cause = getattr(error, "error", "States.TaskFailed"), getattr(error, "cause", str(error))
            told = {"status": "FAILED", "error": name, "cause": cause}
        with _changing:
            if not branch.attempt.alive:
                return
            branch.attempt.alive = False
            child.update(told, stopDate=states.now_iso())
        if self._exceeded():
            _end(states, run, "FAILED")

    def _open(self, index: int, context: dict[str, Any], item: Any) -> Branch | None:
        """The branch of a child that is to run: made or redriven; None if it has succeeded. Raises _ExecutionError."""
        states, run = self._states, self._run
        child = run["_children"].get(index)
        if child is not None:
            if child["status"] == "SUCCEEDED":
                return None
            before = branches[child["executionArn"]]
            reopen(states, child)
            return begin(child, "", before)
        selector = self._state_def.get("ItemSelector") or self._state_def.get("Parameters")
        given = states._resolve_params_obj(selector, self._effective, context) if selector else item
        name = states.new_uuid()
        child = {
            "executionArn": f"{run['_stateMachineArn'].replace(':stateMachine:', ':execution:')}:{name}",
            "stateMachineArn": run["_stateMachineArn"],
            "name": name,
            "status": "RUNNING",
            "startDate": states.now_iso(),
            "stopDate": None,
            "input": json.dumps(given),
            "output": None,
            "mapRunArn": run["mapRunArn"],
            "events": [],
            "testCase": self._execution.get("testCase"),
            "mockAttempts": {},
        }
        states._executions[child["executionArn"]] = run["_children"][index] = child
        return begin(child, "")

    def _exceeded(self) -> bool:
        """Whether more children have failed than may; with no threshold set, none may."""
        failed: int = sum(child["status"] == "FAILED" for child in list(self._run["_children"].values()))
        limits: dict[str, float] = {
            "ToleratedFailureCount": self._run["toleratedFailureCount"],
            "ToleratedFailurePercentage": self._run["toleratedFailurePercentage"] * len(self._items) / 100,
        }
        return failed > min((limit for name, limit in limits.items() if name in self._state_def), default=0)
