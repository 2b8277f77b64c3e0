"""Where an execution stands: what Step Functions' history and Map Runs say that a redrive runs again.

A history's newest `StateEntered` outside a Map names the state that the execution is in; a redrive goes on there
(https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html).
"""

import json
from collections.abc import Iterator
from typing import Any

_MAPS = {"mapper-map": "mapper", "reducer-map": "reducer"}
"""The definition's Maps, and the function of which each runs many."""

_PAGE = 1000


def unfinished(client: Any, execution: str, mappers: int, *, distributed: bool, whole_map: bool) -> list[str]:
    """What a redrive of an execution that failed runs again: `["mapper 3"]`, or `["summary"]`.

    Children of a Distributed Map that never began have no index yet: `["mapper 3", "12 mappers that had not begun"]`.

    Args:
        client: boto3's of Step Functions.
        mappers: how many there are.
        whole_map: whether a Map's finished iterations run again too, as after States.DataLimitExceeded.
    """
    ended: dict[str, set[int]] = {state: set() for state in _MAPS}
    for event in _newest_first(client, execution):
        if event["type"] == "MapIterationSucceeded":
            told = event["mapIterationSucceededEventDetails"]
            ended.setdefault(told["name"], set()).add(told["index"] + 1)
            continue
        if not event["type"].endswith("StateEntered"):
            continue
        entered = event["stateEnteredEventDetails"]
        state = entered["name"]
        if state not in _MAPS:
            function = state.partition("-")[0]
            if function in _MAPS.values():
                continue  # within a Map
            return [function]
        function = _MAPS[state]
        size = mappers if function == "mapper" else len(json.loads(entered["input"])["data"])
        if distributed and not whole_map:
            return _unfinished_children(client, execution, function, size)
        return _named(function, set(range(1, size + 1)) - (set() if whole_map else ended[state]))
    return _named("mapper", set(range(1, mappers + 1)))


def _newest_first(client: Any, execution: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution, reverseOrder=True, PaginationConfig={"PageSize": _PAGE}
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
    late = [f"{pending} {function}{'s' * (pending != 1)} that had not begun"] if pending > 0 else []
    return _named(function, indexes) + late


def _named(function: str, indexes: set[int]) -> list[str]:
    return [f"{function} {index}" for index in sorted(indexes)]
