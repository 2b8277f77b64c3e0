"""Executions of the state machine that failed by themselves, so that no state of theirs could record why.

What a task fails with is caught and recorded within the execution. What a Map fails with by itself is not (its output is larger
than a state's 256 KiB, its items can't be read): a Map that caught would not be redriven within. Nor is the execution's own
timeout. EventBridge tells of every execution that failed (best effort,
https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html)::

    {"source": "aws.states", "detail-type": "Step Functions Execution Status Change",
     "detail": {"name": run id, "status": "FAILED" or "TIMED_OUT", "redriveCount": 0,
                "error": "States.DataLimitExceeded" or null, "cause": "..." or null, ...}, ...}

It may do so late: after the run was resumed or cleaned up. The run's claim tells, `{run}/run.json` in the results bucket: it goes
with the run, and the client notes in it, before a redrive, how often the execution will then have been redriven. (A duplicate
that looks just before that and writes just after it makes the redriven run fail once more, with this cause: nothing wrong, and
resumed again.)
"""

from typing import Any

from runtime.encoding import parsed
from runtime.orchestration.ending.record import FailureRecord
from runtime.orchestration.recorder import recording
from runtime.orchestration.settings import Settings
from runtime.orchestration.workflow.envelope import EnvelopeError, checked_run_id
from runtime.ports import ports
from runtime.run import Run, current_run, within


def record_end(event: Any, settings: Settings) -> bool:
    """Record that a run failed, unless its execution did so. Return whether there is a record now.

    Raises:
        EnvelopeError: the event tells of no execution that failed.
        StorageError: a request finally failed.
    """
    match event:
        case {"detail": {"name": str(name), "status": "FAILED" | "TIMED_OUT" as status, **told}}:
            run_id, redrives, error = checked_run_id(name), told.get("redriveCount"), told.get("error")
        case _:
            raise EnvelopeError(f"tells of no execution that failed: {event!r:.300}")
    if error == recording.RunFailed.__name__:
        return recording.turn_back("the execution itself has recorded why", run=run_id)
    with within(Run(run_id, deadline=current_run().deadline)):
        claim = ports().s3.get(settings.results_bucket, f"{run_id}/run.json")
        if claim is None:
            return recording.turn_back("the run is no more, or was started by none of our clients", run=run_id)
        if _redrives(claim) > (redrives if isinstance(redrives, int) else 0):
            return recording.turn_back("the execution has been redriven since", run=run_id)
        cause = str(told.get("cause") or f"the execution ended as {status}")
        return recording.record(FailureRecord.build(run_id, error=str(error or status), message=cause), settings)


def _redrives(claim: bytes) -> int:
    match parsed(claim):
        case {"redrives": int(noted)}:
            return noted
    return 0
