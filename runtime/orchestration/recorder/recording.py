"""Storing why a run cannot finish, and saying in the log what was or was not stored."""

from runtime.orchestration.ending.record import FailureRecord
from runtime.orchestration.ending.result import record_failure
from runtime.orchestration.settings import Settings
from runtime.ports import ports
from runtime.run import current_run


class RunFailed(Exception):
    """A failure is recorded, and the state machine's execution shall end with it. The definition's retriers know this name."""


def record(failure: FailureRecord, settings: Settings) -> bool:
    """Store a failure of the current run, and log it; False if the run ended otherwise before. Raises StorageError."""
    if end := record_failure(settings.results_bucket, failure):
        return turn_back(end, run=failure.run)
    ports().log.write({"outcome": "ok", "requests": dict(current_run().requests), **failure.json()})
    return True


def turn_back(reason: str, **about: str) -> bool:
    """Log which failure is not recorded, and why. Return False."""
    ports().log.write({"outcome": "turned back", "reason": reason, **about})
    return False
