"""failure: records why a run cannot finish. The Lambda `runtime.orchestration.failure.lambda_handler`.

It is told by whoever outlives a function that was killed, ran out of time or out of memory and could write nothing itself:

- Lambda, as on-failure destination of asynchronous invocations, after the last retry
  (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html)::

    {"requestContext": {"requestId": "...", "functionArn": "arn:...:wordcount-http_sync_s3-mapper:$LATEST",
                        "condition": "RetriesExhausted", "approximateInvokeCount": 3},
     "requestPayload": {"Session": ..., "Data": ..., "Fan-out": {"Index": 3, "Size": 6}},
     "responsePayload": {"errorType": "ValueError", "errorMessage": "...", "stackTrace": ["..."], "requestId": "..."}}

- the state machine's Catch, or a wrapper that gave up waiting::

    {"Session": run id, "Failure": {"Function": "mapper", "Index": 3, "Error": "ValueError", "Cause": "text, or JSON as above"}}

  The state machine alone adds how often it attempts a task after each error that a retrier of its own names, and after all
  others: `"Attempts": {"Lambda.TooManyRequestsException": 61, ..., "States.ALL": 3}`. (A catcher isn't told how often a task was
  retried, but is reached only when the attempts at that error are used up.) It also adds how often its execution had been
  redriven when it caught the error, and how often it has been by now: `"Redrives": {"Caught": 0, "Now": 0}`. It is answered by
  raising, so that its execution fails at the very task that asks, and a redrive enters that one again
  (https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html). Then `Now` is the greater number: there is
  nothing to record, and the answer lets the execution go on, back to what failed.

- a stream of DynamoDB, for an item that a wrapper addressed to it after the last attempt::

    {"Records": [{"dynamodb": {"NewImage": {"To": {"S": "failure"}, "Run": {"S": run id}, "Failure": {"S": "{...}"}}}}]}

- S3, for a record that a stream has given up, see `given_up`.

- EventBridge, for an execution that failed by itself, see `execution_ended`; and every few minutes, to look for overdue runs, see
  `overdue`.

What it writes to `{run}/failed.json`, see `failure_record`.
"""

import json
import os
from typing import Any
from urllib.parse import unquote_plus

from runtime.mapreduce.run import Run, current_run, deadline_in, within
from runtime.orchestration import output
from runtime.orchestration.envelope import EnvelopeError, checked_run_id
from runtime.orchestration.failure_record import complete, from_response
from runtime.orchestration.results import record_failure
from runtime.orchestration.safe_text import presentable, safe
from runtime.orchestration.stage import parse_key

_BRANCHES = ("mapper", "reducer")
"""The functions that run once for each index. A fan-in too may be triggered by a value, whose index says nothing of it."""


class RunFailed(Exception):
    """A failure is recorded, and the state machine's execution shall end with it. The definition's retriers know this name."""


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Record a failure; the run's first record stays. Returns what this event says.

    Raises:
        EnvelopeError: the event names no run, or counts redrives wrongly.
        StorageError: the record cannot be written, or what a stream has given up neither read nor removed.
        RunFailed: all is well, but the state machine asked.
    """
    try:
        with within(Run(deadline=deadline_in(context.get_remaining_time_in_millis() / 1000))):
            return _handle(event)
    except Exception as error:
        raise presentable(error) from None


def _handle(event: Any) -> dict[str, Any]:
    match event:
        case {"Records": [{"s3": _}, *_]}:
            # Imported late, as below: each serves one orchestration alone.
            from runtime.orchestration.given_up import record_given_up

            return {"recorded": record_given_up(event)}
        case {"source": "aws.states"}:
            from runtime.orchestration.execution_ended import record_end

            return {"recorded": int(record_end(event))}
        case {"source": "aws.events"}:
            from runtime.orchestration.overdue import sweep

            return {"recorded": sweep()}
    failure = read_failure(event, os.environ["FUNCTION_PREFIX"])
    redrives = _redrives(event)
    if redrives and redrives[1] > redrives[0]:
        output.write({"outcome": "redriven", **failure})
        return failure
    with within(Run(failure["run"], deadline=current_run().deadline)):
        record(failure)
    if redrives:
        raise RunFailed(_sentence(failure))
    # A stream would take any other answer to its event for a failure.
    return {"batchItemFailures": []} if "Records" in event else failure


def record(failure: dict[str, Any]) -> bool:
    """Store a failure of the current run, and log it; False if the run ended otherwise before. Raises StorageError."""
    if end := record_failure(os.environ["RESULTS_BUCKET"], failure["run"], failure):
        return turn_back(end, run=failure["run"])
    output.write({"outcome": "ok", "requests": dict(current_run().requests), **failure})
    return True


def turn_back(reason: str, **about: str) -> bool:
    """Log why nothing is recorded, and what of; False, for it is not."""
    output.write({"outcome": "turned back", "reason": reason, **about})
    return False


def _redrives(event: dict[str, Any]) -> tuple[int, int] | None:
    """How often an execution had been redriven when it caught the error, and has been by now; None if no execution asks."""
    match event.get("Redrives"):
        case None:
            return None
        case {"Caught": int(caught), "Now": int(now)}:
            return caught, now
    raise EnvelopeError(f'"Redrives" needs the numbers "Caught" and "Now": {event["Redrives"]!r:.200}')


def _sentence(failure: dict[str, Any]) -> str:
    place = failure["function"] if failure["index"] is None else f"{failure['function']} {failure['index']}"
    return safe(f"{place}: {failure['error']}: {failure['message']}")


def read_failure(event: Any, function_prefix: str) -> dict[str, Any]:
    """Translate a platform's failure record into ours.

    Raises:
        EnvelopeError: the event names no run.
    """
    if not isinstance(event, dict):
        raise EnvelopeError(f"not a failure record: {event!r:.200}")
    match event:
        case {"Records": [{"dynamodb": {"NewImage": {"Run": {"S": str(run_id)}, "Failure": {"S": str(record)}}}}]}:
            return complete(checked_run_id(run_id), function_prefix, _record(record))
    told = _from_destination(event, function_prefix) if "requestContext" in event else _from_catch(event)
    return complete(checked_run_id(told["run"]), function_prefix, told)


def _record(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise EnvelopeError(f'"Failure" is no failure record: {text!r:.200}')
    return record


def _from_destination(event: dict[str, Any], function_prefix: str) -> dict[str, Any]:
    request, payload = event["requestContext"], event.get("requestPayload")
    request = request if isinstance(request, dict) else {}
    payload = payload if isinstance(payload, dict) else {}
    run_id, index = _place(payload, request.get("requestId"))
    name = str(request.get("functionArn", "")).partition(":function:")[2].partition(":")[0]
    function = name.removeprefix(function_prefix) or None
    told = from_response(event.get("responsePayload"))
    return {
        "run": run_id,
        "function": function,
        "index": index if function in _BRANCHES else None,
        **told,
        # Where the function never ran there is no answer of it, such as for an event that grew too old.
        "error": told["error"] or request.get("condition"),
        "request_id": request.get("requestId"),
        "attempts": request.get("approximateInvokeCount"),
    }


def _from_catch(event: dict[str, Any]) -> dict[str, Any]:
    failure = event.get("Failure")
    failure = failure if isinstance(failure, dict) else {}
    cause = failure.get("Cause")
    try:
        response = json.loads(cause) if isinstance(cause, str) else None
    except (ValueError, RecursionError):
        response = None
    told = from_response(response if isinstance(response, dict) else {"errorMessage": cause})
    return {
        "run": event.get("Session"),
        "function": failure.get("Function"),
        "index": failure.get("Index"),
        **told,
        "error": told["error"] or failure.get("Error"),
        "attempts": _attempts(failure),
    }


def _attempts(failure: dict[str, Any]) -> Any:
    attempts = failure.get("Attempts")
    if not isinstance(attempts, dict):
        return None
    return attempts.get(str(failure.get("Error")), attempts.get("States.ALL"))


def _place(payload: dict[str, Any], request_id: Any) -> tuple[Any, Any]:
    """Run and index that a failed event was for: an S3 event has them in its key, an envelope in its fields."""
    match payload:
        case {"Records": [{"s3": {"object": {"key": str(key)}}}, *_]}:
            return parse_key(unquote_plus(key))
        case {"Session": run_id, "Fan-out": {"Index": index}}:
            return run_id, index
        case {"Session": run_id}:
            return run_id, None
    # An entry function that made its run from a bare document did so under its request id.
    return request_id, None
