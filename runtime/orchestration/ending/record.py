"""The failure record: `{run}/failed.json`, whoever writes it. Each field but `run` and `time` may be null::

    {"run": ..., "function": "square", "index": 3, "error": "ValueError", "message": "...", "traceback": ["last frames"],
     "request_id": "...", "attempts": 3, "log_group": "/aws/lambda/...", "time": "2026-11-23T18:00:00+00:00"}

All its texts are safe and bounded, see `safe_text`: a record of some 10 KB can always be stored, and be sent on by any carrier.
"""

import re
from datetime import UTC, datetime
from typing import Any

from runtime.orchestration.safe_text import FRAMES, MESSAGE_BYTES, NAME_BYTES, frames_of, message_of, name_of, safe
from runtime.ports import ports

_FRAME_BYTES = 1000
_REQUEST_ID = re.compile(r"^(?:RequestId: |\S+Z )([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) ")
_MOST = 10**9
"""No index and no number of attempts is greater."""


def describe(error: BaseException) -> dict[str, Any]:
    """What an exception says of a failure: its type, message and last frames."""
    return {"error": name_of(error), "message": message_of(error), "traceback": frames_of(error)}


def from_response(response: Any) -> dict[str, Any]:
    """Translate what Lambda answers for a failed invocation; killed functions have no stackTrace."""
    response = response if isinstance(response, dict) else {}
    message = response.get("errorMessage")
    return {
        "error": response.get("errorType"),
        "message": message,
        "traceback": response.get("stackTrace"),
        "request_id": response.get("requestId") or _request_id(message),
    }


def complete(run_id: str, function_prefix: str, told: dict[str, Any]) -> dict[str, Any]:
    """The record of what was told: with run, log group and time, and with every field as it must be, whatever it held."""
    function = _name(told.get("function"))
    frames = told.get("traceback")
    return {
        "run": run_id,
        "function": function,
        "index": _number(told.get("index")),
        "error": _name(told.get("error")),
        "message": _text(told.get("message"), MESSAGE_BYTES),
        "traceback": [safe(safe(frame).rstrip(), _FRAME_BYTES) for frame in frames[-FRAMES:]] if isinstance(frames, list) else [],
        "request_id": _name(told.get("request_id")),
        "attempts": _number(told.get("attempts")),
        "log_group": f"/aws/lambda/{function_prefix}{function}" if function else None,
        "time": _name(told.get("time")) or datetime.fromtimestamp(ports().clock.time(), UTC).isoformat(timespec="seconds"),
    }


def _name(value: object) -> str | None:
    return _text(value, NAME_BYTES)


def _text(value: object, limit: int) -> str | None:
    return None if value is None else safe(value, limit)


def _number(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= _MOST else None


def _request_id(message: object) -> str | None:
    """The request id that Lambda's own message of a killed or timed out function begins with; it has no field for it there."""
    found = _REQUEST_ID.search(message) if isinstance(message, str) else None
    return found[1] if found else None
