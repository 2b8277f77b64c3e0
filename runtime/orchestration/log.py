"""One JSON line per invocation: the timeline, the cost record and the debugger.

    {"log": "mapreduce", "run": "20261123-a1", "function": "square", "index": 3, "size": 6, "orchestration": "sfn",
     "outcome": "ok", "cold": true, "started": 1795455974.123, "request_id": "...", "ingress_ms": 1.2, "component_ms": 80.5,
     "egress_ms": 3.4, "requests": {"s3.PutObject": 79}}

`log` tells these lines from what user code prints, see `output`.

`outcome` is `ok`, `turned back` (with the `reason`: nothing was to be done) or `error`, with `error` (the type) and `message`.
`started` is in seconds since the epoch. A duplicate that skipped the component says `"duplicate": true`; pollers add `polls`.
Where S3 had no time for requests, or gave no answer, `retries` says how often: `{"s3:PutObject": 12}`.
A function whose shuffle has no use for the job's combiner says `"combiner": "left out"`.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from runtime.orchestration.contract import Invocation, LambdaContext
from runtime.orchestration.safe_text import message_of, name_of
from runtime.orchestration.settings import Settings
from runtime.ports import ports
from runtime.run import Run


class LogLine:
    """Collects one invocation's facts and prints them when the `with` ends, also when it ends by an exception."""

    def __init__(self, settings: Settings, context: LambdaContext, cold: bool) -> None:
        self._fields: dict[str, Any] = {
            "run": None,
            "function": settings.function,
            "index": None,
            "size": None,
            "orchestration": settings.orchestration,
            "outcome": "ok",
            "cold": cold,
            "started": round(ports().clock.time(), 3),
            "request_id": context.aws_request_id,
        }
        self._run = Run()
        self._notes: dict[str, Any] = {}
        self._milliseconds: dict[str, float] = defaultdict(float)

    def describe(self, invocation: Invocation, run: Run) -> None:
        """Say to which invocation this line belongs. The run's counters and the invocation's notes may still grow."""
        self._fields["run"] = invocation.run_id
        if invocation.index:
            self._fields |= {"index": invocation.index, "size": invocation.size}
        self._run, self._notes = run, invocation.notes

    def turned_back(self, reason: str) -> None:
        """Say that there was nothing to do, and why."""
        self._fields |= {"outcome": "turned back", "reason": reason}

    def failed_for_good(self, error: Exception) -> None:
        """Say that the work failed for the last time and that this is recorded, so that nothing is raised."""
        self._fields |= _told(error) | {"final": True}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time spent in the body to `{name}_ms`."""
        begin = ports().clock.monotonic()
        try:
            yield
        finally:
            self._milliseconds[f"{name}_ms"] += (ports().clock.monotonic() - begin) * 1000

    def __enter__(self) -> "LogLine":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            self._fields |= _told(error)
        durations = {name: round(value, 3) for name, value in self._milliseconds.items()}
        counted = {"requests": dict(self._run.requests)} | ({"retries": dict(self._run.retries)} if self._run.retries else {})
        ports().log.write(self._fields | durations | counted | self._run.notes | self._notes)


def _told(error: BaseException) -> dict[str, Any]:
    return {"outcome": "error", "error": name_of(error), "message": message_of(error)}
