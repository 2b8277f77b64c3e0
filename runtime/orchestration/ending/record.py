"""The failure record: `{run}/failed.json`, whoever writes it. Each field but `run` and `time` may be null::

    {"run": ..., "function": "square", "index": 3, "error": "ValueError", "message": "...", "traceback": ["last frames"],
     "request_id": "...", "attempts": 3, "log_group": "/aws/lambda/...", "time": "2026-11-23T18:00:00+00:00"}

All its texts are safe and bounded, see `safe_text`: a record of some 10 KB can always be stored, and be sent on by any carrier.
"""

import re
from datetime import UTC, datetime
from typing import Any

from runtime.orchestration.safe_text import FRAMES, MESSAGE_BYTES, NAME_BYTES, frames_of, message_of, name_of, safe
from runtime.orchestration.workflow.envelope import EnvelopeError
from runtime.ports import ports
from runtime.record import record

_FRAME_BYTES = 1000
_REQUEST_ID = re.compile(r"^(?:RequestId: |\S+Z )([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) ")
_MOST = 10**9
"""No index and no number of attempts is greater."""


@record
class FailureRecord:
    """Why a run cannot finish. All but `run` and `time` may be unknown."""

    run: str
    function: str | None = None
    index: int | None = None
    error: str | None = None
    message: str | None = None
    traceback: tuple[str, ...] = ()
    request_id: str | None = None
    attempts: int | None = None
    log_group: str | None = None
    time: str | None = None

    @classmethod
    def build(cls, run_id: str, function_prefix: str = "", **told: object) -> "FailureRecord":
        """Make the record from values by the names of its fields. A value of a wrong type or size is changed to one that fits.

        `function_prefix` is what stands before the function in a Lambda's name.
        """
        function, frames = _name(told.get("function")), told.get("traceback")
        frames = frames[-FRAMES:] if isinstance(frames, list | tuple) else ()
        now = datetime.fromtimestamp(ports().clock.time(), UTC).isoformat(timespec="seconds")
        return cls(
            run=run_id,
            function=function,
            index=_number(told.get("index")),
            error=_name(told.get("error")),
            message=_text(told.get("message"), MESSAGE_BYTES),
            traceback=tuple(safe(safe(frame).rstrip(), _FRAME_BYTES) for frame in frames),
            request_id=_name(told.get("request_id")),
            attempts=_number(told.get("attempts")),
            log_group=f"/aws/lambda/{function_prefix}{function}" if function else None,
            time=_name(told.get("time")) or now,
        )

    @classmethod
    def parse(cls, run_id: str, function_prefix: str, document: object) -> "FailureRecord":
        """Read what another function has written of a run. Raises EnvelopeError: it is no JSON object."""
        if not isinstance(document, dict):
            raise EnvelopeError(f'"Failure" is no failure record: {document!r:.200}')
        return cls.build(run_id, function_prefix, **{field: document.get(field) for field in _FIELDS})

    def json(self) -> dict[str, Any]:
        """Return the record as JSON has it."""
        return {field: getattr(self, field) for field in _FIELDS} | {"traceback": list(self.traceback)}

    def __str__(self) -> str:
        place = self.function if self.index is None else f"{self.function} {self.index}"
        return safe(f"{place}: {self.error}: {self.message}")


_FIELDS: tuple[str, ...] = tuple(FailureRecord.__annotations__)


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


def _name(value: object) -> str | None:
    return _text(value, NAME_BYTES)


def _text(value: object, limit: int) -> str | None:
    return None if value is None else safe(value, limit)


def _number(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= _MOST else None


def _request_id(message: object) -> str | None:
    """Return the request id with which Lambda's message of a killed or timed out function begins. It stands in no field there."""
    found = _REQUEST_ID.search(message) if isinstance(message, str) else None
    return found[1] if found else None
