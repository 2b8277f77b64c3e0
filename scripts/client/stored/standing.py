"""How a run stands. Its objects in the results bucket tell, and where those say nothing, the platform::

    result.json                             done
    failed.json                             failed, or cancelled: then its "error" is "Cancelled"
    neither, but the platform saw its end   failed
    neither                                 running; overdue, once its deadline has passed, see `deadline`

A cancelled run is one that has failed: its functions do nothing any more, and it can be resumed. A function that was already
at work when it was cancelled may still end what it does; if that was the last one, the run is done.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from scripts.client.aws import objects
from scripts.client.orchestrations import Verdict
from scripts.client.report.console import say
from scripts.client.report.failure import CANCELLED, read_record
from scripts.client.running.runs import StartedRun
from scripts.client.stored.claim import FAILED, RESULT

T = TypeVar("T")

State = Literal["running", "done", "failed", "cancelled"]


class Look:
    """How a run stands, asked once."""

    def __init__(self, run: StartedRun) -> None:
        results = run.aws.store("results")
        self.done = objects.exists(results, f"{run.run_id}/{RESULT}")
        self.failure = objects.read(results, f"{run.run_id}/{FAILED}")
        ended = self.done or self.failure is not None
        self.verdict: Verdict | None = None if ended else ask(run.orchestration.verdict, None)

    @property
    def state(self) -> State:
        if self.done:
            return "done"
        if self.failure is not None:
            return "cancelled" if self.record.get("error") == CANCELLED else "failed"
        return "running" if self.verdict is None else "failed"

    @property
    def record(self) -> dict[str, Any]:
        """What failed.json says; empty if there is none, or none that can be read."""
        return read_record(self.failure)


def ask(question: Callable[[], T], unknown: T) -> T:
    """What the platform answers; if it can't, that is said, and the answer is unknown: the results bucket decides."""
    try:
        return question()
    except Exception as error:  # progress and verdict may fail with anything: an execution that never began, a lacking permission
        say(f"note: not all could be asked about the run: {error}")
        return unknown
