"""DynamoDB Streams alone: a function runs because an item was created; no function ever invokes another.

Each stage has a table (see `table`), whose stream invokes the function that is next::

    square-input ──▶ square ──▶ square-output ──▶ total ──▶ ...

Event (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-example.html), filtered to items that
are new and addressed to the function::

    {"Records": [{"eventName": "INSERT", "eventSourceARN": "arn:...:table/{name}/stream/...", "dynamodb": {"SequenceNumber": "42",
        "NewImage": {"Key": {"S": "20261123-a1/3"}, "To": {"S": "square"}, "Run": {"S": "20261123-a1"}, "Index": {"N": "3"},
                     "Size": {"N": "6"}, "Value": {"S": "{...}"}}}}]}

A branch stores its value, then adds its index to the set of those that have returned; whoever completes the set creates the
item that is addressed to the fan-in function. Each of the three steps changes nothing when repeated, so a crash between them is
repaired by the stream's retry. A value that is handed on to a single function is a fan-out of one.

A stream says nothing of how often it delivered a record. So a function notes each attempt, in an item beside the one that it is
for, before it begins. What has been tried `ATTEMPTS` times is handed to the recorder as an item, also when the function was
killed each time and could say nothing itself. Where it died even before it could note the attempt, the stream gives the record
up, see `given_up`.
"""

import re
from typing import Any

from runtime.aws.dynamodb import Image
from runtime.aws.errors import AccessDeniedError
from runtime.encoding import encode
from runtime.orchestration.contract import RECORDER, Delivery, Invocation, LambdaContext, Orchestration, Outcomes
from runtime.orchestration.ending.record import FailureRecord, describe
from runtime.orchestration.ending.result import how_ended
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import input_key, return_key
from runtime.orchestration.values.table import Table
from runtime.orchestration.workflow.envelope import MAX_SIZE, EnvelopeError, checked_run_id
from runtime.record import replace

ATTEMPTS = 3

_RESULTS = "results"
"""The table whose stream invokes the recorder for an item `{run}/failed`, to write the run's failure record to S3."""

_FAN_OUT, _FAN_IN = "fan-out", "fan-in"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


class DynamoDBTriggers(Orchestration):
    """Store each value as an item of a table, whose stream invokes the function that takes it."""

    def deliveries(self, event: Any) -> list[Delivery]:
        """Return one delivery for each record, named by its sequence number."""
        match event:
            case {"Records": [*records]} if records:
                return [Delivery(record, _sequence_number(record)) for record in records]
        raise EnvelopeError(f"not a stream event: {event!r:.200}")

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand one record; `Invocation.given` is its item.

        Raises:
            EnvelopeError: the record's item is not new, is addressed to another function, or is in another table. The mapping's
                filter keeps such records away. A note of an attempt is a record, too, which no function may work on.
        """
        table = self.settings.tables[self.place.from_stage]
        match event:
            case {
                "eventName": "INSERT",
                "eventSourceARN": str(source),
                "dynamodb": {"NewImage": {"To": {"S": self.place.name}, "Run": {"S": run_id}} as image},
            } if f":table/{table}/stream/" in source:
                run_id, size = checked_run_id(run_id), _number(image, "Size")
                index = None if self.place.takes == "gather" else _number(image, "Index")
                if index is not None and not 1 <= index <= size:
                    raise EnvelopeError(f'"Index" must be from 1 to "Size": {image!r:.300}')
                return Invocation(run_id, image, context, index if self.place.takes == "branch" else None, size, attempts=0)
        raise EnvelopeError(f"not a new item addressed to {self.place.name} in {table}: {event!r:.300}")

    def admit(self, invocation: Invocation) -> Invocation | str:
        """Note the attempt. One attempt too many ends the run as failed, unless it only repeats finished work."""
        item = _FAN_IN if self.place.takes == "gather" else str(invocation.number)
        attempts = self._incoming(invocation).count_attempt(item, invocation.context.aws_request_id)
        if attempts is None:
            return "the run is no more"
        if attempts > ATTEMPTS and not self._is_done(invocation):
            message = (
                f"{ATTEMPTS} attempts ended without a word: the function ran out of time or memory, was killed, or ended its own "
                "process; its log tells which"
            )
            self._fail(invocation, {"error": "FunctionKilled", "message": message, "traceback": []}, attempts - 1)
            return "the attempts are used up"
        return replace(invocation, attempts=attempts)

    def read(self, invocation: Invocation) -> Any:
        """Read the item's value, or all values of a fan-in in order."""
        table = self._incoming(invocation)
        return table.values(invocation.size or 0) if self.place.takes == "gather" else table.value_of(invocation.given)

    def find(self, invocation: Invocation) -> Found | None:
        """Return what an earlier invocation with the same work returned."""
        return self._outgoing(invocation).find(self._kept_as(invocation))

    def keep(self, invocation: Invocation, value: Any) -> Any:
        """Store a return value, addressed to nobody, unless there is one, and return what is stored."""
        index = {} if invocation.index is None else {"Index": invocation.index}
        key = return_key(self.place.name, invocation.number)
        return self._outgoing(invocation).create_or_read(self._kept_as(invocation), key, value, **index)

    def fan_out(self, invocation: Invocation, values: list[Any]) -> None:
        """Store an item for each value, addressed to its branch; where there are none, the item of the fan-in."""
        table, target = self._outgoing(invocation), str(self.place.next)
        for index, value in enumerate(values, 1):
            table.create(str(index), input_key(target, index), value, To=target, Index=index, Size=len(values))
        if not values:
            returned = self._table(invocation, self.place.gathered_stage)
            returned.create_item(_FAN_IN, {}, To=str(self.place.fan_in), Size=0)

    def fan_in(self, invocation: Invocation, value: Any) -> None:
        """Add the index to those that have returned; whoever completes the set creates the item of the fan-in."""
        table, size = self._outgoing(invocation), invocation.size or 1
        if table.finish(invocation.number, size):
            table.create_item(_FAN_IN, {}, To=str(self.place.next), Size=size)

    def end(self, invocation: Invocation, value: Any) -> dict[str, Any]:
        """Store the run's result. Its item comes first: whoever sees the result may remove all the rest of the run."""
        self._table(invocation, _RESULTS).create_item("result", {}, Status="done")
        return super().end(invocation, value)

    def failed(self, invocation: Invocation, error: Exception) -> bool:
        """Return whether that was the last attempt; then its failure is on its way to the run's failure record.

        A refusal before the attempt could be noted is final: without the note nobody would count to the last one.
        """
        if invocation.attempts < ATTEMPTS and not (invocation.attempts == 0 and isinstance(error, AccessDeniedError)):
            return False
        self._fail(invocation, describe(error), invocation.attempts)
        return True

    def answer(self, outcomes: Outcomes) -> Any:
        """Report the records that failed; only they are delivered again."""
        return {"batchItemFailures": [{"itemIdentifier": delivery.name} for delivery, _ in outcomes.failures]}

    def _fail(self, invocation: Invocation, told: dict[str, Any], attempts: int) -> None:
        failure = FailureRecord.build(
            invocation.run_id,
            self.settings.function_prefix,
            function=self.place.name,
            index=invocation.index,
            request_id=invocation.context.aws_request_id,
            attempts=max(attempts, 1),
            **told,
        )
        # The recorder writes it to S3: a function that lacks a right of its own can still say so.
        self._table(invocation, _RESULTS).create_item("failed", {"Failure": {"S": encode(failure.json()).decode()}}, To=RECORDER)

    def _is_done(self, invocation: Invocation) -> bool:
        if self.place.edge is None:
            return how_ended(self.settings.results_bucket, invocation.run_id) is not None
        return self.find(invocation) is not None

    def _kept_as(self, invocation: Invocation) -> str:
        return str(invocation.number) if self.place.edge == "Fan-in" else _FAN_OUT

    def _incoming(self, invocation: Invocation) -> Table:
        return self._table(invocation, self.place.from_stage)

    def _outgoing(self, invocation: Invocation) -> Table:
        return self._table(invocation, str(self.place.to_stage))

    def _table(self, invocation: Invocation, role: str) -> Table:
        return Table(self.settings.tables[role], invocation.run_id, self.returns(invocation))


def _sequence_number(record: Any) -> str:
    match record:
        case {"dynamodb": {"SequenceNumber": str(number)}}:
            return number
    raise EnvelopeError(f"not a record of a DynamoDB stream: {record!r:.200}")


def _number(image: Image, name: str) -> int:
    match image.get(name):
        case {"N": str(number)} if _NUMBER.fullmatch(number) and int(number) <= MAX_SIZE:
            return int(number)
    raise EnvelopeError(f'"{name}" is no number from 0 to {MAX_SIZE}: {image!r:.300}')


make = DynamoDBTriggers
