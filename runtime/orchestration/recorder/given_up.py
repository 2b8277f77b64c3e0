"""Records that a stream gave up: at each attempt, the function died before it could note that, or was not reached.

The stream's mapping leaves it in a bucket, and the bucket's notification invokes the recorder of failures
(https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html)::

    given_up bucket, aws/lambda/{mapping}/{shard}/2026/11/23/2026-11-23T18.05.11-{uuid}:
    {"requestContext": {"requestId": "...", "functionArn": "arn:...:function:wordcount-dynamodb_triggers-square",
                        "condition": "RetryAttemptsExhausted" or "RecordAgeExceeded", "approximateInvokeCount": 6},
     "responseContext": {...}, "version": "1.0", "timestamp": "...", "DDBStreamBatchInfo": {...},
     "payload": the event that was tried, {"Records": [{"eventSourceARN": "...", "dynamodb": {"NewImage": {...}}}]}, as text}

A stream delivers at least once, and may give a duplicate up long after another delivery did the work. So a run that has its
result, or whose item was removed or put anew (as a resumed run's is), gets no failure record. One that is still under way does:
whoever died may have died before it set off what is next.

An object whose failure was recorded is removed here. One that cannot be understood stays until it expires; the log tells of it.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

from runtime.orchestration.ending.record import FailureRecord
from runtime.orchestration.recorder import recording
from runtime.orchestration.recorder.reading import read_failure
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.returns import Returns
from runtime.orchestration.values.table import Table
from runtime.orchestration.workflow.envelope import EnvelopeError, checked_run_id
from runtime.orchestration.workflow.place import holds_branches
from runtime.ports import ports
from runtime.record import record
from runtime.run import Run, current_run, within


@record
class GivenUp:
    """One stream record.

    Attributes:
        run_id: of the item's run.
        table: where the item is.
        item: its name in the run, such as "3" or "fan-in".
        expires: of the item, whereby it is known from one that was put in its place.
        failure: what is to be recorded.
    """

    run_id: str
    table: str
    item: str
    expires: Any
    failure: FailureRecord


def record_given_up(notice: Any, settings: Settings) -> int:
    """Record the failures that the objects of a notification tell of, and remove the objects; how many were recorded.

    Raises:
        EnvelopeError: an object tells of no run of this deployment, or is another bucket's. It stays.
        StorageError: a request finally failed. The object stays, and another try records nothing twice.
    """
    recorded = 0
    bucket = settings.buckets["given_up"]
    for key in _keys(notice, bucket):
        body = ports().s3.get(bucket, key)
        if body is None:
            recording.turn_back("another invocation recorded and removed it", object=key)
            continue
        recorded += sum(_record(told, settings) for told in read(body, key, settings))
        ports().s3.delete(bucket, key)
    return recorded


def read(body: bytes, key: str, settings: Settings) -> list[GivenUp]:
    """Understand an object. Raises EnvelopeError: it is no record of a stream of this deployment."""
    try:
        document = json.loads(body)
        payload = document["payload"]
        event = json.loads(payload) if isinstance(payload, str) else payload
        context, records = document["requestContext"], event["Records"]
        return [_understand(record, context, settings) for record in records]
    except EnvelopeError as error:
        raise EnvelopeError(f"{key}: {error}") from None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise EnvelopeError(f"{key}: not what a stream's mapping gives up: {error!r:.200}: {body[:200]!r}") from None


def _keys(notice: Any, bucket: str) -> Iterator[str]:
    for event in notice["Records"]:
        match event:
            case {"s3": {"bucket": {"name": str(name)}, "object": {"key": str(key)}}} if name == bucket:
                yield unquote_plus(key)
            case _:
                raise EnvelopeError(f"no object of {bucket}: {event!r:.300}")


def _record(told: GivenUp, settings: Settings) -> bool:
    with within(Run(told.run_id, deadline=current_run().deadline)):
        table = Table(told.table, told.run_id, Returns(settings.returns_bucket, told.run_id))
        stored = table.image(told.item)
        if stored is None:
            return recording.turn_back("the run is no more", run=told.run_id)
        if stored.get("Expires") != told.expires:
            return recording.turn_back("the run was resumed since", run=told.run_id)
        return recording.record(told.failure, settings)


def _understand(record: Any, context: Any, settings: Settings) -> GivenUp:
    match record, context:
        case (
            {
                "eventSourceARN": str(source),
                "dynamodb": {"NewImage": {"Key": {"S": str(key)}, "To": {"S": str(to)}, "Run": {"S": str(run_id)}} as image},
            },
            {"functionArn": str(arn), "condition": str()},
        ):
            run_id = checked_run_id(run_id)
            table = next((name for name in settings.tables.values() if f":table/{name}/stream/" in source), None)
            function = arn.partition(":function:")[2].partition(":")[0]
            if table and key.startswith(f"{run_id}/") and function == settings.function_prefix + to:
                if to == "recorder" and "Failure" in image:
                    failure = read_failure({"Records": [record]}, settings.function_prefix)
                else:
                    index = _index(image) if holds_branches(table, settings.tables) else None
                    failure = _untold(run_id, to, index, context, settings.function_prefix)
                return GivenUp(run_id, table, key.removeprefix(f"{run_id}/"), image.get("Expires"), failure)
    raise EnvelopeError(f"no item that a stream of this deployment brings to a function: {record!r:.300} {context!r:.300}")


def _untold(run_id: str, function: str, index: int | None, context: dict[str, Any], function_prefix: str) -> FailureRecord:
    attempts = context.get("approximateInvokeCount")
    message = (
        f"the stream gave up after {attempts} invocations, none of which could tell what was wrong: "
        "the function could not start, was killed, was throttled, or lacks a right to say so; see its log"
    )
    told = {"error": context["condition"], "message": message, "request_id": context.get("requestId"), "attempts": attempts}
    return FailureRecord.build(run_id, function_prefix, function=function, index=index, **told)


def _index(image: dict[str, Any]) -> int | None:
    match image.get("Index"):
        case {"N": str(number)} if number.isdecimal():
            return int(number)
    return None
