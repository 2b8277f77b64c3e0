"""What an on-failure destination is told of an event that Lambda gives up."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from scripts.embedded.server.lanes import Discard, created


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
    qualified = arn if len(arn.split(":")) > 7 else f"{arn}:$LATEST"
    record = {**_told(qualified, request_id, condition, attempts, now), "requestPayload": event}
    return record if answer is None else record | _response("Unhandled") | {"responsePayload": answer}


def stream_failure_record(discard: Discard, function: str, stream: str, shard: str, now: float) -> dict[str, Any]:
    """Return what AWS stores about a batch that it gives up; in S3 alone with the records: as the event, and that as text.

    {"version", "timestamp", "requestContext", "responseContext": as above, if it was invoked, "DDBStreamBatchInfo": {"shardId",
    "startSequenceNumber", "endSequenceNumber", "approximateArrivalOfFirstRecord", ..., "batchSize", "streamArn"}, "payload"}
    """
    batch = discard.batch
    first, last = batch.records[0], batch.records[-1]
    return {
        **_told(function, batch.request_id or str(uuid.uuid4()), discard.condition, batch.invocations, now),
        **(_response(batch.function_error) if batch.invocations else {}),
        "DDBStreamBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": first["dynamodb"]["SequenceNumber"],
            "endSequenceNumber": last["dynamodb"]["SequenceNumber"],
            "approximateArrivalOfFirstRecord": f"{datetime.fromtimestamp(created(first), UTC):%Y-%m-%dT%H:%M:%SZ}",
            "approximateArrivalOfLastRecord": f"{datetime.fromtimestamp(created(last), UTC):%Y-%m-%dT%H:%M:%SZ}",
            "batchSize": len(batch.records),
            "streamArn": stream,
        },
        "payload": json.dumps({"Records": batch.records}),
    }


def stream_failure_key(mapping: str, shard: str, now: float) -> str:
    """Return where AWS stores that: aws/lambda/{mapping}/{shard}/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-{uuid}."""
    return f"aws/lambda/{mapping}/{shard}/{datetime.fromtimestamp(now, UTC):%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"


def _told(arn: str, request_id: str, condition: str, attempts: int, now: float) -> dict[str, Any]:
    return {
        "version": "1.0",
        "timestamp": datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": request_id,
            "functionArn": arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
    }


def _response(error: str | None) -> dict[str, Any]:
    return {"responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": error}}
