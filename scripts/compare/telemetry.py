"""What the embedded AWS tells of a run: its functions' logs, its count of requests, an execution's history, a table's items."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from runtime.orchestration.output import FIELD, OURS
from scripts.client.deployment import Deployment
from scripts.compare.timeline import Invocation, TelemetryError
from scripts.embedded import state
from scripts.paths import Embedded
from scripts.workflow import RECORDER

_REPORT = re.compile(r"REPORT RequestId: (\S+)\t.*Billed Duration: (\d+) ms\tMemory Size: (\d+) MB")
_OURS = ("dynamodb.", "lambda.Invoke", "s3.", "states.")
_OWN = {"dynamodb.Scan", "states.GetExecutionHistory"}
"""Made here, to look at the run."""


@dataclass(frozen=True)
class Count:
    """The embedded AWS's counters at one moment: requests by name, and how often each function ran."""

    requests: Counter[str]
    functions: Counter[str]

    def __sub__(self, earlier: "Count") -> "Count":
        return Count(self.requests - earlier.requests, self.functions - earlier.functions)


def count() -> Count:
    """Ask for the counters; only requests that a run can have made.

    Raises:
        TelemetryError: it does not answer.
    """
    known = state.read(Embedded().state)
    page = known.ask("/_embedded/requests", timeout_seconds=20.0) if known else None
    if page is None:
        raise TelemetryError("the embedded AWS does not say what it has served; see `make local-status`")
    requests = {name: number for name, number in page["counts"].items() if name.startswith(_OURS) and name not in _OWN}
    return Count(Counter(requests), Counter(page["functions"]))


def without_sweeps(counted: Count) -> Count:
    """What a run that ended well did itself. The recorder of failures runs in none; the keeper has it make one listing."""
    sweeps = Counter({name: number for name, number in counted.functions.items() if name.endswith(f"-{RECORDER}")})
    return Count(counted.requests - Counter({"s3.ListObjectsV2": sweeps.total()}), counted.functions - sweeps)


def client(deployment: Deployment, service: str, **settings: Any) -> Any:
    """boto3's client of a service, on the embedded AWS; with settings of botocore's Config."""
    import boto3
    from botocore.config import Config

    session = boto3.Session("test", "test", region_name=deployment.region)
    return session.client(service, endpoint_url=deployment.endpoint_url, config=Config(**settings))  # type: ignore[call-overload]


def read_logs(logs: Any, deployment: Deployment, run_id: str, since: float) -> tuple[list[Invocation], int]:
    """Every invocation of a run since then (seconds since the epoch) that has ended and been logged; how many lost their line.

    The embedded AWS waits 50 ms for what a function has printed, and on a busy machine goes on without it.
    """
    found: list[Invocation] = []
    lost = 0
    for group in deployment.log_groups.values():
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int(since * 1000))
        ended, without_line = parse_logs((event["message"] for page in pages for event in page["events"]), run_id)
        found += ended
        lost += without_line
    return found, lost


def parse_logs(messages: Iterable[str], run_id: str) -> tuple[list[Invocation], int]:
    """The invocations of a run in one log group, for which the line of JSON and REPORT are both there; REPORTs without a line.

    One that had several deliveries has several lines and one REPORT, which then goes with the first.
    """
    lines: list[dict[str, Any]] = []
    told: set[str] = set()
    reports: dict[str, tuple[int, int]] = {}
    for message in messages:
        if match := _REPORT.match(message):
            reports[match[1]] = int(match[2]), int(match[3])
        elif fields := parse_line(message):
            told.add(str(fields.get("request_id")))
            if fields.get("run") == run_id:
                lines.append(fields)
    seen: set[str] = set()
    found = []
    for fields in lines:
        request_id = str(fields.get("request_id"))
        if request_id not in reports:
            continue
        try:
            found.append(Invocation.parse(fields, None if request_id in seen else reports[request_id]))
        except (TypeError, ValueError):
            # Only an imitation has other fields than we write.
            continue
        seen.add(request_id)
    return found, len(reports.keys() - told)


def parse_line(text: str) -> dict[str, Any]:
    """The fields of a line of ours, see runtime.orchestration.output; {} for another: user code prints there, too, even JSON."""
    if not text.lstrip().startswith("{"):
        return {}
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) and fields.get(FIELD) == OURS else {}


def missing_lines(ran: int, logged: int, lost: int) -> int | None:
    """How many of the functions that ran have lost their line; None while not all of them have ended.

    A function that began before them may end without a line beside them, so that more lines are lost than theirs.
    """
    missing = ran - logged
    return missing if 0 <= missing <= lost else None


def transitions(events: Iterable[Mapping[str, Any]]) -> int:
    """State transitions in a Standard execution's history: states entered, and retries, which are billed as well.

    The embedded AWS's history holds no StateEntered of states inside a Map, and AWS's does; both have a TaskScheduled for each
    try of a task. So a task counts by its tries, and every other state by having been entered.
    """
    kinds = Counter(str(event["type"]) for event in events)
    tries = sum(number for kind, number in kinds.items() if kind in ("TaskScheduled", "LambdaFunctionScheduled"))
    entered = sum(number for kind, number in kinds.items() if kind.endswith("StateEntered") and kind != "TaskStateEntered")
    return entered + tries


def read_history(states: Any, deployment: Deployment, run_id: str) -> list[Mapping[str, Any]]:
    """All events of the run's execution; none where no state machine is deployed."""
    if deployment.state_machine_arn is None:
        return []
    execution = f"{deployment.state_machine_arn.replace(':stateMachine:', ':execution:')}:{run_id}"
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
    return [event for page in pages for event in page["events"]]


def read_items(dynamodb: Any, deployment: Deployment, run_id: str) -> dict[str, list[Mapping[str, Any]]]:
    """A run's items by role of their table; found by a scan, which the embedded AWS can afford."""
    prefix = f"{run_id}/"
    found: dict[str, list[Mapping[str, Any]]] = {}
    for role, table in deployment.tables.items():
        pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        found[role] = [item for page in pages for item in page["Items"] if item["Key"]["S"].startswith(prefix)]
    return found
