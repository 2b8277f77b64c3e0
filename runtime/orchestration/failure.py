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

- EventBridge, for an execution that failed by itself, see `execution_ended`.

What it writes to `{run}/failed.json`, each field but `run` and `time` possibly null::

    {"run": ..., "function": "mapper", "index": 3, "error": "ValueError", "message": "...", "traceback": ["last frames"],
     "request_id": "...", "attempts": 3, "log_group": "/aws/lambda/...", "time": "2026-11-23T18:00:00+00:00"}
"""

import json
import os
import re
import traceback
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from runtime.mapreduce.run import Run, current_run, within
from runtime.orchestration.envelope import EnvelopeError, checked_run_id
from runtime.orchestration.results import record_failure
from runtime.orchestration.stage import parse_key

_FRAMES = 5
_REQUEST_ID = re.compile(r"^(?:RequestId: |\S+Z )([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) ")
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
    match event:
        case {"Records": [{"s3": _}, *_]}:
            # Imported late, as below: each serves one orchestration alone.
            from runtime.orchestration.given_up import record_given_up

            return {"recorded": record_given_up(event)}
        case {"source": "aws.states"}:
            from runtime.orchestration.execution_ended import record_end

            return {"recorded": int(record_end(event))}
    failure = read_failure(event, os.environ["FUNCTION_PREFIX"])
    redrives = _redrives(event)
    if redrives and redrives[1] > redrives[0]:
        print(json.dumps({"outcome": "redriven", **failure}), flush=True)
        return failure
    with within(Run(failure["run"])):
        record(failure)
    if redrives:
        raise RunFailed(_sentence(failure))
    # A stream would take any other answer to its event for a failure.
    return {"batchItemFailures": []} if "Records" in event else failure


def record(failure: dict[str, Any]) -> None:
    """Store a failure of the current run, and log it. Raises StorageError."""
    record_failure(os.environ["RESULTS_BUCKET"], failure["run"], failure)
    print(json.dumps({"outcome": "ok", "requests": dict(current_run().requests), **failure}), flush=True)


def turn_back(reason: str, **about: str) -> bool:
    """Log why nothing is recorded, and what of; False, for it is not."""
    print(json.dumps({"outcome": "turned back", "reason": reason, **about}), flush=True)
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
    return f"{place}: {failure['error']}: {failure['message']}"


def describe(error: BaseException) -> dict[str, Any]:
    """What an exception says of a failure: its type, message and last frames."""
    frames = traceback.format_tb(error.__traceback__)[-_FRAMES:]
    return {"error": type(error).__name__, "message": str(error), "traceback": [frame.rstrip() for frame in frames]}


def complete(run_id: str, function_prefix: str, told: dict[str, Any]) -> dict[str, Any]:
    """Add what every record has: run, log group and time."""
    log_group = f"/aws/lambda/{function_prefix}{told['function']}" if told["function"] else None
    time = datetime.now(UTC).isoformat(timespec="seconds")
    return {"run": run_id, **told, "log_group": log_group, "time": time}


def read_failure(event: Any, function_prefix: str) -> dict[str, Any]:
    """Translate a platform's failure record into ours.

    Raises:
        EnvelopeError: the event names no run.
    """
    if not isinstance(event, dict):
        raise EnvelopeError(f"not a failure record: {event!r:.200}")
    match event:
        case {"Records": [{"dynamodb": {"NewImage": {"Run": {"S": str(run_id)}, "Failure": {"S": str(record)}}}}]}:
            return {**_record(record), "run": checked_run_id(run_id)}
    told = _from_destination(event, function_prefix) if "requestContext" in event else _from_catch(event)
    return complete(checked_run_id(told["run"]), function_prefix, told)


def _record(text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise EnvelopeError(f'"Failure" is no failure record: {text:.200}')
    return record


def _from_destination(event: dict[str, Any], function_prefix: str) -> dict[str, Any]:
    request, payload = event["requestContext"], event.get("requestPayload")
    request = request if isinstance(request, dict) else {}
    payload = payload if isinstance(payload, dict) else {}
    run_id, index = _place(payload, request.get("requestId"))
    name = str(request.get("functionArn", "")).partition(":function:")[2].partition(":")[0]
    function = name.removeprefix(function_prefix) or None
    return {
        "run": run_id,
        "function": function,
        "index": index if function in _BRANCHES else None,
        **from_response(event.get("responsePayload")),
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


def from_response(response: Any) -> dict[str, Any]:
    """Translate what Lambda answers for a failed invocation; killed functions have no stackTrace."""
    response = response if isinstance(response, dict) else {}
    frames = response.get("stackTrace")
    return {
        "error": response.get("errorType"),
        "message": response.get("errorMessage"),
        "traceback": [str(frame).rstrip() for frame in (frames if isinstance(frames, list) else ())][-_FRAMES:],
        "request_id": response.get("requestId") or _request_id(response.get("errorMessage")),
    }


def _request_id(message: Any) -> str | None:
    """The request id that Lambda's own message of a killed or timed out function begins with; it has no field for it there."""
    found = _REQUEST_ID.search(message) if isinstance(message, str) else None
    return found[1] if found else None


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
