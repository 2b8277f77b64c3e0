"""What an on-failure destination is told of an event that Lambda gives up."""

from datetime import UTC, datetime
from typing import Any


def failure_record(
    arn: str,
    event: Any,
    request_id: str,
    answer: dict[str, Any] | None,
    attempts: int,
    now: float,
    condition: str = "RetriesExhausted",
) -> dict[str, Any]:
    """Return the record of an asynchronous invocation, as AWS makes it::

        {"version": "1.0", "timestamp", "requestContext": {"requestId", "functionArn", "condition", "approximateInvokeCount"},
         "requestPayload": the event, "responseContext": {"statusCode", "executedVersion", "functionError"}, "responsePayload":
         {"errorMessage", "errorType", "requestId", "stackTrace"}}

    Args:
        arn: the function's.
        event: what it was invoked with.
        request_id: one for all attempts.
        answer: to the last attempt; None if the function never ran: then the record has no response.
        attempts: how many there were.
        now: in seconds since the epoch.
        condition: why Lambda gave up.
    """
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": request_id,
            "functionArn": arn if len(arn.split(":")) > 7 else f"{arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
    }
    if answer is not None:
        record["responseContext"] = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
        record["responsePayload"] = answer
    return record
