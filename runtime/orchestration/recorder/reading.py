"""A table of readers, one for each sender that tells the recorder of a failure."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_plus

from runtime.encoding import parsed
from runtime.orchestration.ending.record import FailureRecord, from_response
from runtime.orchestration.s3_triggers.stage import parse_key
from runtime.orchestration.workflow.envelope import EnvelopeError, checked_run_id
from runtime.orchestration.workflow.place import holds_branches


def read_failure(event: Any, function_prefix: str, buckets: Mapping[str, str] | None = None) -> FailureRecord:
    """Read what a sender tells of a failure; `buckets` are the deployment's, by role.

    Raises:
        EnvelopeError: the event names no run.
    """
    if not isinstance(event, dict):
        raise EnvelopeError(f"not a failure record: {event!r:.200}")
    read = next(read for sends, read in READERS if sends(event))
    told = read(event, function_prefix, buckets or {})
    return FailureRecord.parse(checked_run_id(told["run"]), function_prefix, told)


def _from_item(event: dict[str, Any], function_prefix: str, buckets: Mapping[str, str]) -> dict[str, Any]:
    image = event["Records"][0]["dynamodb"]["NewImage"]
    text = image["Failure"]["S"]
    told = parsed(text)
    if not isinstance(told, dict):
        raise EnvelopeError(f'"Failure" is no failure record: {text!r:.200}')
    return told | {"run": image["Run"]["S"]}


def _from_destination(event: dict[str, Any], function_prefix: str, buckets: Mapping[str, str]) -> dict[str, Any]:
    request, payload = event["requestContext"], event.get("requestPayload")
    request = request if isinstance(request, dict) else {}
    payload = payload if isinstance(payload, dict) else {}
    run_id, index = _place(payload, request.get("requestId"), buckets)
    name = str(request.get("functionArn", "")).partition(":function:")[2].partition(":")[0]
    function = name.removeprefix(function_prefix) or None
    told = from_response(event.get("responsePayload"))
    return {
        "run": run_id,
        "function": function,
        "index": index,
        **told,
        # Where the function never ran there is no answer of it, such as for an event that grew too old.
        "error": told["error"] or request.get("condition"),
        "request_id": request.get("requestId"),
        "attempts": request.get("approximateInvokeCount"),
    }


def _from_failure(event: dict[str, Any], function_prefix: str, buckets: Mapping[str, str]) -> dict[str, Any]:
    failure = event.get("Failure")
    failure = failure if isinstance(failure, dict) else {}
    cause = failure.get("Cause")
    response = parsed(cause) if isinstance(cause, str) else None
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


def _place(payload: dict[str, Any], request_id: Any, buckets: Mapping[str, str]) -> tuple[Any, Any]:
    """Run and index that a failed event was for: an S3 event has them in its key, an envelope in its fields.

    A fan-in is triggered by any branch's value, so that value's index does not identify the fan-in.
    """
    match payload:
        case {"Records": [{"s3": {"bucket": {"name": str(name)}, "object": {"key": str(key)}}}, *_]}:
            run_id, index = parse_key(unquote_plus(key))
            return run_id, index if holds_branches(name, buckets) else None
        case {"Session": run_id, "Fan-out": {"Index": index}}:
            return run_id, index
        case {"Session": run_id}:
            return run_id, None
    # An entry function that made its run from a bare document did so under its request id.
    return request_id, None


def _is_item(event: dict[str, Any]) -> bool:
    match event:
        case {"Records": [{"dynamodb": {"NewImage": {"Run": {"S": str()}, "Failure": {"S": str()}}}}]}:
            return True
    return False


READERS: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[..., dict[str, Any]]], ...] = (
    # A stream, for an item that a wrapper addressed to the recorder.
    (_is_item, _from_item),
    # Lambda, for an asynchronous event that finally failed; a stream, for a record that it gave up.
    (lambda event: "requestContext" in event, _from_destination),
    # The state machine, for an error that it caught; a wrapper that gave up waiting.
    (lambda event: True, _from_failure),
)
"""Who sends a failure, known by its event, and how that is read. The first one whose event it is reads it."""
