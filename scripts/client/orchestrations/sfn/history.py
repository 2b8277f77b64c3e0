"""Where an execution stands, by Step Functions' history and Map Runs: how far it is, and what a redrive runs again.

The compiled states are named after the functions, see `scripts.package.workflow.state_machine`: `f` runs the function f, `f-map`
is the fan-out over it, `f-caught` and `f-failed` record that it failed for good. A history's newest `StateEntered` outside a Map
names the state that the execution is in; a redrive goes on there
(https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html).
"""

import json
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from scripts.client.orchestrations.base import Progress
from scripts.workflow import Workflow

_MAP = "-map"
_PAGE = 1000
_FRESH_PAGE = 200
_SUCCEEDED = ("TaskSucceeded", "LambdaFunctionSucceeded")


class History:
    """How far an execution is: its ended tasks in order, each of which belongs to the first function that lacks one.

    The tasks of a Distributed Map are those of its children; its Map Run counts them.
    """

    def __init__(self, workflow: Workflow, sizes: Mapping[str, int], *, distributed: bool) -> None:
        self._steps, self._distributed = workflow.steps, distributed
        self._sizes, self._returned = dict(sizes), dict[str, int]()
        self._last_event = 0
        self._step = 0

    def progress(self, client: Any, execution: str) -> Progress:
        """Take in what has happened since the last call. `client` is boto3's of Step Functions."""
        first = self._steps[0]
        if first.takes == "branch" and first.name not in self._sizes and not self._distributed:
            return Progress()
        # The events since the last call; the newest page is read first.
        fresh = list(takewhile(lambda event: event["id"] > self._last_event, _newest_first(client, execution, _FRESH_PAGE)))
        for event in reversed(fresh):
            self._last_event = event["id"]
            if event["type"] in _SUCCEEDED and not _lets_go_on(event):
                self._succeeded(_output(event))
        if self._distributed:
            self._count_map_runs(client, execution)
        return Progress(dict(self._returned), dict(self._sizes))

    def _succeeded(self, output: Any) -> None:
        self._pass_over()
        if self._step >= len(self._steps):
            return
        place = self._steps[self._step]
        self._returned[place.name] = self._returned.get(place.name, 0) + 1
        if place.takes == "branch":
            return
        if place.edge == "Map" and (size := _length(output)) is not None:
            self._sizes[str(place.next)] = size
        self._step += 1

    def _pass_over(self) -> None:
        """Go on to the function after a fan-out that is done, or whose tasks are not in this history."""
        while self._step < len(self._steps) and (place := self._steps[self._step]).takes == "branch":
            if not self._distributed and self._returned.get(place.name, 0) != self._sizes.get(place.name):
                return
            self._step += 1

    def _count_map_runs(self, client: Any, execution: str) -> None:
        """A Map Run for each fan-out that is not empty, in the order of their start."""
        found = client.list_map_runs(executionArn=execution)["mapRuns"]
        arns = [run["mapRunArn"] for run in sorted(found, key=lambda run: run["startDate"])]
        branches = [place.name for place in self._steps if place.takes == "branch" and self._sizes.get(place.name) != 0]
        for branch, arn in zip(branches, arns, strict=False):
            self._returned[branch] = client.describe_map_run(mapRunArn=arn)["itemCounts"]["succeeded"]


def unfinished(client: Any, execution: str, workflow: Workflow, size: int, *, distributed: bool, whole_map: bool) -> list[str]:
    """What a redrive of an execution that failed runs again: a branch such as `square 3`, or a function.

    Children of a Distributed Map that never began have no index yet: `["square 3", "12 of square that had not begun"]`.

    Args:
        client: boto3's of Step Functions.
        execution: its ARN.
        workflow: that it runs.
        size: how many elements it was given.
        whole_map: whether a Map's finished iterations run again too, as after States.DataLimitExceeded.
    """
    ended: dict[str, set[int]] = {}
    for event in _newest_first(client, execution, _PAGE):
        if event["type"] == "MapIterationSucceeded":
            told = event["mapIterationSucceededEventDetails"]
            ended.setdefault(told["name"], set()).add(told["index"] + 1)
            continue
        if not event["type"].endswith("StateEntered"):
            continue
        entered = event["stateEnteredEventDetails"]
        state = entered["name"]
        function = state.partition("-")[0]
        if not state.endswith(_MAP):
            if function in workflow.branches:
                continue  # within a Map
            return [function]
        number = size if function == workflow.first.name else len(json.loads(entered["input"])["data"])
        if distributed and not whole_map:
            return _unfinished_children(client, execution, function, number)
        return _named(function, set(range(1, number + 1)) - (set() if whole_map else ended.get(state, set())))
    first = workflow.first
    return _named(first.name, set(range(1, size + 1))) if first.takes == "branch" else [first.name]


def _newest_first(client: Any, execution: str, page_size: int) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution, reverseOrder=True, PaginationConfig={"PageSize": page_size}
    )
    return (event for page in pages for event in page["events"])


def _unfinished_children(client: Any, execution: str, function: str, size: int) -> list[str]:
    runs = client.list_map_runs(executionArn=execution)["mapRuns"]
    if not runs:
        return _named(function, set(range(1, size + 1)))
    newest = max(runs, key=lambda run: run["startDate"])
    pages = client.get_paginator("list_executions").paginate(mapRunArn=newest["mapRunArn"], PaginationConfig={"PageSize": _PAGE})
    children = [child for page in pages for child in page["executions"]]
    indexes = set()
    for child in children:
        if child["status"] != "SUCCEEDED":
            given = json.loads(client.describe_execution(executionArn=child["executionArn"])["input"])
            indexes.add(given["Fan-out"]["Index"])
    pending = size - len(children)
    late = [f"{pending} of {function} that had not begun"] if pending > 0 else []
    return _named(function, indexes) + late


def _named(function: str, indexes: set[int]) -> list[str]:
    return [f"{function} {index}" for index in sorted(indexes)]


def _output(event: dict[str, Any]) -> Any:
    details = event.get("taskSucceededEventDetails") or event.get("lambdaFunctionSucceededEventDetails") or {}
    return json.loads(details.get("output") or "null")


def _lets_go_on(event: dict[str, Any]) -> bool:
    """Whether it was the recorder that succeeded: it answers a redriven execution with what it recorded."""
    output = _output(event)
    return isinstance(output, dict) and "log_group" in output


def _length(output: Any) -> int | None:
    """The length of a returned array, which its task may have wrapped; None if there is none to be found."""
    while isinstance(output, dict):
        output = next((output[key] for key in ("Payload", "data", "Data", "Value") if key in output), None)
    return len(output) if isinstance(output, list) else None
