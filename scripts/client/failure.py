"""What the user reads when a run failed: which function, why, where its log is, what to do."""

import json
from typing import Any

from scripts.client.deployment import Deployment
from scripts.client.escaping import visible
from scripts.client.orchestrations import Verdict

_FRAMES = 3
_REMEDIES = (
    (
        ("AccessDenied", "not authorized"),
        "the function's policy lacks an action; see terraform/modules/iam, then deploy again",
    ),
    (
        ("imed out", "imedout", "Timeout"),
        "use smaller chunks (--chunk-bytes), or deploy with more timeout_seconds",
    ),
    (
        ("OutOfMemory", "MemoryError", "memory"),
        "use smaller chunks (--chunk-bytes), or deploy with more memory_mb",
    ),
    (
        ("DataLimitExceeded",),
        "use fewer, larger chunks (--chunk-bytes) or fewer reducers (--num-reducer): a state holds 256 KiB",
    ),
    (
        ("Throttl", "TooManyRequests", "SlowDown"),
        "use fewer, larger chunks, or raise the account's limit, and try again",
    ),
)
_REMEDY = "mend the cause, and deploy again if it is in the code"


def describe_failure(deployment: Deployment, run_id: str, body: bytes | None) -> str:
    """The report on a failed.json, in which anything may be null or missing::

    {"run", "function", "index", "error", "message", "traceback": [...], "request_id", "attempts", "log_group", "time"}
    """
    try:
        record = json.loads(body or b"")
    except ValueError:
        record = {}
    if not isinstance(record, dict):
        record = {}
    return _report(deployment, run_id, record)


def describe_verdict(deployment: Deployment, run_id: str, verdict: Verdict) -> str:
    """The report on a run of which only the platform knows that it ended."""
    if verdict.succeeded:
        message = "the execution succeeded, but stored no result"
    else:
        message = verdict.cause or f"the execution ended as {verdict.status}"
    return _report(deployment, run_id, {"error": verdict.error or verdict.status, "message": message})


def _report(deployment: Deployment, run_id: str, record: dict[str, Any]) -> str:
    function, index = record.get("function"), record.get("index")
    lines = [f"run {run_id} failed"]
    where = str(function) if function else "unknown"
    if index is not None:
        where += f", index {index}" + (f" (chunk {index} of the input)" if function == "mapper" else "")
    facts = {
        "function": where,
        "error": record.get("error"),
        "message": record.get("message"),
        "attempts": record.get("attempts"),
        "request id": record.get("request_id"),
        "log group": record.get("log_group") or deployment.log_groups.get(str(function)),
    }
    lines += [f"  {name + ':':<12}{visible(str(value))}" for name, value in facts.items() if value is not None]
    traceback = record.get("traceback")
    if isinstance(traceback, list):
        lines += ["    " + visible(line) for frame in traceback[-_FRAMES:] for line in str(frame).rstrip().splitlines()]
    told = f"{record.get('error')} {record.get('message')}"
    remedy = next((remedy for signs, remedy in _REMEDIES if any(sign in told for sign in signs)), _REMEDY)
    return "\n".join([*lines, f"  {'what to do:':<12}{remedy}"])
