"""What the user reads when a run failed: which function, why, where its log is, what to do."""

import json
import re
from typing import Any

from runtime.orchestration.safe_text import safe
from scripts.client.deployment import Deployment
from scripts.client.orchestrations import Verdict
from scripts.client.report.escaping import visible

CANCELLED = "Cancelled"
"""The "error" of a run that its user stopped."""

_FRAMES = 3
_SHOWN_BYTES = 1000
"""Of a message; `status --json` has all that the record holds of it."""
_INDENT = " " * 14
_NEVER = "(?!)"
_REMEDIES = (
    ("RunOverdue", _NEVER, "resume it: what is missing is done; if that happens again, look into the functions' logs"),
    (
        "AccessDenied",
        "AccessDenied|not authorized",
        "the function's policy lacks an action; see docs/permissions.md, then deploy again",
    ),
    (
        "imedout|Timeout|OutOfTime",
        "Task timed out",
        "use smaller chunks (--chunk-bytes), or deploy with more timeout_seconds",
    ),
    ("OutOfMemory|MemoryError", _NEVER, "use smaller chunks (--chunk-bytes), or deploy with more memory_mb"),
    (
        _NEVER,
        "signal: killed",
        "most often memory ran out: use smaller chunks (--chunk-bytes), or deploy with more memory_mb; see the function's log",
    ),
    (
        "Runtime[.]ExitError|SystemExit",
        "Runtime exited",
        "find what ends the function's process (sys.exit, os._exit, a crash in a compiled package); see its log",
    ),
    (
        "FunctionKilled",
        _NEVER,
        "look into the function's log: it tells whether time or memory ran out, or the process ended by itself",
    ),
    (
        "DataLimitExceeded",
        "DataLimitExceeded",
        "use fewer, larger chunks (--chunk-bytes) or fewer reducers (--num-reducer): a state holds 256 KiB",
    ),
    (
        "SlowDownError",
        _NEVER,
        "S3 had no time for a request until the function's own was up; put the input in parts, or resume the run later",
    ),
    (
        "Throttl|TooManyRequests|SlowDown",
        "Throttl|TooManyRequests|SlowDown",
        "use fewer, larger chunks, or raise the account's limit, and try again",
    ),
)
"""What the error's type or its message holds, and what to do then. Of a message little is taken: it may be user code's."""

_REMEDY = "mend the cause, and deploy again if it is in the code"


def read_record(body: bytes | None) -> dict[str, Any]:
    """What a failed.json says; empty if there is none, or none that can be read."""
    try:
        record = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def describe_failure(deployment: Deployment, run_id: str, body: bytes | None) -> str:
    """The report on a failed.json, in which anything may be null or missing::

    {"run", "function", "index", "error", "message", "traceback": [...], "request_id", "attempts", "log_group", "time"}
    """
    return _report(deployment, run_id, read_record(body))


def describe_verdict(deployment: Deployment, run_id: str, verdict: Verdict) -> str:
    """The report on a run of which only the platform knows that it ended."""
    if verdict.succeeded:
        message = "the execution succeeded, but stored no result"
    else:
        message = verdict.cause or f"the execution ended as {verdict.status}"
    return _report(deployment, run_id, {"error": verdict.error or verdict.status, "message": message})


def _report(deployment: Deployment, run_id: str, record: dict[str, Any]) -> str:
    function, index = record.get("function"), record.get("index")
    cancelled = record.get("error") == CANCELLED
    workflow = deployment.workflow
    is_of_input = workflow.begins_with_fan_out and function == workflow.first.name
    shown = "chunk" if workflow.input == "chunks" else "element"
    lines = [f"run {run_id} {'was cancelled' if cancelled else 'failed'}"]
    where = safe(function) if function else None if cancelled else "unknown"
    if where and index is not None:
        where += f", index {safe(index)}" + (f" ({shown} {safe(index)} of the input)" if is_of_input else "")
    facts = {
        "function": where,
        "error": record.get("error"),
        "message": record.get("message"),
        "attempts": record.get("attempts"),
        "request id": record.get("request_id"),
        "log group": record.get("log_group") or deployment.log_groups.get(safe(function)),
    }
    lines += [f"  {name + ':':<12}{_paragraph(value)}" for name, value in facts.items() if value is not None]
    traceback = record.get("traceback")
    if isinstance(traceback, list):
        lines += ["    " + visible(line) for frame in traceback[-_FRAMES:] for line in safe(frame).rstrip().splitlines()]
    return "\n".join([*lines, f"  {'what to do:':<12}{_remedy(safe(record.get('error')), safe(record.get('message')))}"])


def _paragraph(value: object) -> str:
    return f"\n{_INDENT}".join(visible(line) for line in safe(value, _SHOWN_BYTES).splitlines())


def _remedy(error: str, message: str) -> str:
    if error == CANCELLED:
        return "go on with it (resume), or remove it (clean)"
    fitting = (
        remedy for in_error, in_message, remedy in _REMEDIES if re.search(in_error, error) or re.search(in_message, message)
    )
    return next(fitting, _REMEDY)
