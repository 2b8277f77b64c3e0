"""recorder: records why a run cannot finish.

It is told by whoever outlives a function that was killed, ran out of time or out of memory and could write nothing itself:

- Lambda, as on-failure destination of asynchronous invocations, after the last retry
  (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html)::

    {"requestContext": {"requestId": "...", "functionArn": "arn:...:wordcount-http_sync_s3-square:$LATEST",
                        "condition": "RetriesExhausted", "approximateInvokeCount": 3},
     "requestPayload": {"Session": ..., "Data": ..., "Fan-out": {"Index": 3, "Size": 6}},
     "responsePayload": {"errorType": "ValueError", "errorMessage": "...", "stackTrace": ["..."], "requestId": "..."}}

- the state machine's Catch, or a wrapper that gave up waiting::

    {"Session": run id, "Failure": {"Function": "square", "Index": 3, "Error": "ValueError", "Cause": "text, or JSON as above"}}

  The state machine alone adds how often it attempts a task after each error that a retrier of its own names, and after all
  others: `"Attempts": {"Lambda.TooManyRequestsException": 61, ..., "States.ALL": 3}`. (A catcher isn't told how often a task was
  retried, but is reached only when the attempts at that error are used up.) It also adds how often its execution had been
  redriven when it caught the error, and how often it has been by now: `"Redrives": {"Caught": 0, "Now": 0}`. It is answered by
  raising, so that its execution fails at the very task that asks, and a redrive enters that one again
  (https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html). Then `Now` is the greater number: there is
  nothing to record, and the answer lets the execution go on, back to what failed.

- a stream of DynamoDB, for an item that a wrapper addressed to it after the last attempt::

    {"Records": [{"dynamodb": {"NewImage": {"To": {"S": "recorder"}, "Run": {"S": run id}, "Failure": {"S": "{...}"}}}}]}

- S3, for a record that a stream has given up, see `given_up`.

- EventBridge, for an execution that failed by itself, see `execution_ended`; and every few minutes, to look for overdue runs, see
  `overdue`.

What it writes to `{run}/failed.json`, see `ending.record`.
"""

from collections.abc import Callable
from typing import Any

from runtime.orchestration.recorder.reading import read_failure
from runtime.orchestration.recorder.recording import RunFailed, record
from runtime.orchestration.safe_text import presentable
from runtime.orchestration.settings import Settings
from runtime.orchestration.workflow.envelope import EnvelopeError
from runtime.ports import Ports, ports, using
from runtime.run import Run, current_run, deadline_in, within


class Recorder:
    """A Lambda handler: `recorder(event, context)`.

    Args:
        settings: the function's.
        own: the services that it uses; None for those that are in force when it is called.
    """

    def __init__(self, settings: Settings, own: Ports | None = None) -> None:
        self._settings, self._own = settings, own

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Record a failure; the run's first record stays. Returns what this event says.

        Raises:
            EnvelopeError: the event names no run, or counts redrives wrongly.
            StorageError: the record cannot be written, or what a stream has given up neither read nor removed.
            RunFailed: all is well, but the state machine asked.
        """
        remaining_seconds = context.get_remaining_time_in_millis() / 1000
        try:
            with using(self._own or ports()), within(Run(deadline=deadline_in(remaining_seconds, ports().clock.monotonic()))):
                answer = next(answer for sends, answer in SENDERS if sends(event))
                return answer(event, self._settings)
        except Exception as error:
            raise presentable(error) from None


def _given_up(event: Any, settings: Settings) -> dict[str, Any]:
    from runtime.orchestration.recorder.given_up import record_given_up

    return {"recorded": record_given_up(event, settings)}


def _execution_ended(event: Any, settings: Settings) -> dict[str, Any]:
    from runtime.orchestration.recorder.execution_ended import record_end

    return {"recorded": int(record_end(event, settings))}


def _sweep(event: Any, settings: Settings) -> dict[str, Any]:
    from runtime.orchestration.recorder.overdue import sweep

    return {"recorded": sweep(settings)}


def _failure(event: Any, settings: Settings) -> dict[str, Any]:
    failure = read_failure(event, settings.function_prefix, settings.buckets)
    redrives = _redrives(event)
    if redrives and redrives[1] > redrives[0]:
        ports().log.write({"outcome": "redriven", **failure.json()})
        return failure.json()
    with within(Run(failure.run, deadline=current_run().deadline)):
        record(failure, settings)
    if redrives:
        raise RunFailed(str(failure))
    # A stream would take any other answer to its event for a failure.
    return {"batchItemFailures": []} if "Records" in event else failure.json()


def _redrives(event: dict[str, Any]) -> tuple[int, int] | None:
    """How often an execution had been redriven when it caught the error, and has been by now; None if no execution asks."""
    match event.get("Redrives"):
        case None:
            return None
        case {"Caught": int(caught), "Now": int(now)}:
            return caught, now
    raise EnvelopeError(f'"Redrives" needs the numbers "Caught" and "Now": {event["Redrives"]!r:.200}')


def _is_notification(event: Any) -> bool:
    match event:
        case {"Records": [{"s3": _}, *_]}:
            return True
    return False


def _source(event: Any) -> Any:
    return event.get("source") if isinstance(event, dict) else None


SENDERS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Settings], dict[str, Any]]], ...] = (
    (_is_notification, _given_up),
    (lambda event: _source(event) == "aws.states", _execution_ended),
    (lambda event: _source(event) == "aws.events", _sweep),
    (lambda event: True, _failure),
)
"""Who invokes the recorder, known by its event, and what is done for that. The first one whose event it is serves.

What serves one orchestration alone is imported when it is needed."""
