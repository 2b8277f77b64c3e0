"""Runs that are overdue: an event of theirs got lost, and nothing is left that could tell of it.

Lambda may delete an asynchronous event from its queue without a word
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html). So a rule of EventBridge has the recorder of
failures look after the open runs every few minutes::

    {"source": "aws.events", "detail-type": "Scheduled Event", "resources": ["arn:aws:events:...:rule/..."], "detail": {}, ...}

A sweep lists the markers of open runs (see `open_runs`). It looks closer only at a run whose deadline has passed: it records one
that has not ended as failed, and then removes the markers. Right before it records a failure, it lists the run's markers again,
and so spares a run that was resumed or removed since. (Milliseconds remain between that look and the record. A run that is
resumed just then fails once more with this cause, and is resumed again.)
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

from runtime.aws.errors import StorageError
from runtime.orchestration.ending import open_runs
from runtime.orchestration.ending.record import FailureRecord
from runtime.orchestration.recorder import recording
from runtime.orchestration.settings import Settings
from runtime.ports import ports
from runtime.run import Run, within

ERROR = "RunOverdue"


def sweep(settings: Settings) -> int:
    """Record the runs that are overdue as failed, and forget those that have ended; how many were recorded.

    Raises:
        StorageError: a request finally failed. The other runs are looked after all the same.
    """
    recorded, failures = 0, []
    with within(Run("sweep")):
        deadlines = _deadlines(ports().s3.list_keys(settings.results_bucket, open_runs.PREFIX))
    for run_id, own in deadlines.items():
        if max(own) > ports().clock.time():
            continue
        try:
            with within(Run(run_id)):
                recorded += _look_after(run_id, own, settings)
        except StorageError as error:
            failures.append(error)
    ports().log.write({"outcome": "swept", "open": len(deadlines), "recorded": recorded})
    if failures:
        raise failures[0]
    return recorded


def _look_after(run_id: str, own: set[int], settings: Settings) -> bool:
    """Record a run as failed if it has not ended, and remove its markers. Return whether it was recorded."""
    bucket = settings.results_bucket
    ended = {f"{run_id}/result.json", f"{run_id}/failed.json"} & set(ports().s3.list_keys(bucket, f"{run_id}/"))
    if not ended:
        if _deadlines(ports().s3.list_keys(bucket, open_runs.folder(run_id))).get(run_id) != own:
            return recording.turn_back("the run was resumed or removed since", run=run_id)
        recording.record(_overdue(run_id, max(own)), settings)
    for deadline in own:
        ports().s3.delete(bucket, open_runs.marker(run_id, deadline))
    return not ended


def _deadlines(keys: Iterable[str]) -> dict[str, set[int]]:
    """Return the deadlines of all markers, by run."""
    found: dict[str, set[int]] = defaultdict(set)
    for key in keys:
        if marked := open_runs.parse_marker(key):
            found[marked[0]].add(marked[1])
    return found


def _overdue(run_id: str, deadline: int) -> FailureRecord:
    by = datetime.fromtimestamp(deadline, UTC).isoformat(timespec="seconds")
    message = (
        f"the run had neither result nor failure by {by}, the latest time at which it could have ended: the platform has lost an "
        "event of it, or has throttled its functions for very long; resume the run, and what is missing is done"
    )
    return FailureRecord.build(run_id, error=ERROR, message=message)
