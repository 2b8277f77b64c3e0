"""DynamoDB Streams alone: a function runs because an item was created; no function ever invokes another.

Each stage has a table (see `table`), whose stream invokes the function that is next::

    mapper-input ──▶ mapper ──▶ mapper-output ──▶ partition ──▶ reducer-input ──▶ reducer ──▶ reducer-output ──▶ summary

Event (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-example.html), filtered to items that
are new and addressed to the function::

    {"Records": [{"eventName": "INSERT", "eventSourceARN": "arn:...:table/{name}/stream/...", "dynamodb": {"SequenceNumber": "42",
        "NewImage": {"Key": {"S": "20261123-a1/3"}, "To": {"S": "mapper"}, "Run": {"S": "20261123-a1"}, "Index": {"N": "3"},
                     "Size": {"N": "6"}, "Value": {"S": "{...}"}}}}]}

A branch stores its value, then adds its index to the set of those that have returned; whoever completes the set creates the
item that is addressed to the fan-in function. Each of the three steps changes nothing when repeated, so a crash between them is
repaired by the stream's retry.

A stream says nothing of how often it delivered a record. So a function notes each attempt, in an item beside the one that it is
for, before it begins. What has been tried `ATTEMPTS` times is handed to the recorder of failures as an item, also when the
function was killed each time and could say nothing itself. Where it died even before it could note the attempt, the stream gives
the record up, see `given_up`.
"""

import re
from typing import Any

from runtime.aws.dynamodb import Image
from runtime.aws.errors import AccessDeniedError
from runtime.encoding import encode
from runtime.orchestration.contract import Delivery, Invocation, Invoke, LambdaContext, Orchestration, Outcomes
from runtime.orchestration.ending.record import complete, describe
from runtime.orchestration.ending.result import how_ended, store_result
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.found import Found
from runtime.orchestration.values.returns import Returns, input_key, return_key
from runtime.orchestration.values.table import Table
from runtime.orchestration.workflow.edge import DefinitionError, Edge
from runtime.orchestration.workflow.envelope import MAX_SIZE, Envelope, EnvelopeError, FanOut, Inline, checked_run_id
from runtime.record import replace

ATTEMPTS = 3

RECORDER = "recorder"
"""Who the results table's stream invokes for an item `{run}/failed`, to write the run's failure record to S3."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")

STAGES = {
    "mapper": ("mapper-input", "mapper-output"),
    "partition": ("mapper-output", "reducer-input"),
    "reducer": ("reducer-input", "reducer-output"),
    "summary": ("reducer-output", None),
}
"""Which table's stream triggers a function, and which table its values go to."""


def create(settings: Settings, invoke: Invoke) -> "DynamoDBTriggers":
    """Make this module's orchestration; nothing is ever invoked from here.

    Raises:
        DefinitionError: the package holds no `.next`.
    """
    if settings.edge is None:
        raise DefinitionError(f".next: missing from the package of {settings.function}; dynamodb_triggers needs it")
    return DynamoDBTriggers(settings, settings.edge)


class DynamoDBTriggers(Orchestration):
    """See `contract.Orchestration`."""

    def __init__(self, settings: Settings, edge: Edge) -> None:
        self._settings, self._edge = settings, edge
        self._incoming, self._outgoing = STAGES[edge.name]

    def deliveries(self, event: Any) -> list[Delivery]:
        """One for each record, known by its sequence number."""
        match event:
            case {"Records": [*records]} if records:
                return [Delivery(str(_sequence_number(record)), {"Records": [record]}) for record in records]
        raise EnvelopeError(f"not a stream event: {event!r:.200}")

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand one record.

        Raises:
            EnvelopeError: it tells of no new item, of one that is not addressed to this function, or of another table's. The
                mapping's filter keeps those away; an attempt that is noted is itself a record, and must never be worked on.
        """
        match event["Records"][0]:
            case {
                "eventName": "INSERT",
                "eventSourceARN": str(source),
                "dynamodb": {"NewImage": {"To": {"S": self._edge.name}, "Run": {"S": run_id}} as image},
            } if f":table/{self._settings.tables[self._incoming]}/stream/" in source:
                run_id, size = checked_run_id(run_id), _number(image, "Size")
                fan_out = None
                if self._edge.kind == "Fan-in":
                    fan_out = FanOut(_number(image, "Index"), size)
                    if not 1 <= fan_out.index <= size:
                        raise EnvelopeError(f'"Index" must be from 1 to "Size": {image!r:.300}')
                return Invocation(Envelope(run_id, Inline(None), fan_out), image, context, size=size, attempts=0)
        table = self._settings.tables[self._incoming]
        raise EnvelopeError(f"not a new item addressed to {self._edge.name} in {table}: {event!r:.300}")

    def admit(self, invocation: Invocation) -> Invocation | str:
        """Note the attempt. One too many ends the run as failed, unless it only repeats what was done before."""
        table, request_id = self._table(invocation, self._incoming), invocation.context.aws_request_id
        attempts = table.count_attempt(self._item_key(invocation), request_id)
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

    def stored(self, invocation: Invocation) -> Found | None:
        """What an earlier invocation with the same work returned; a run that has its result has ended."""
        if self._outgoing is None:
            return None
        table = self._table(invocation, self._outgoing)
        return table.find("fan-out" if self._edge.kind == "Map" else self._item_key(invocation))

    def read(self, invocation: Invocation) -> Any:
        """The item's value, or all values of a fan-in in order."""
        table = self._table(invocation, self._incoming)
        if self._edge.kind == "Fan-in":
            return table.value_of(invocation.event)
        return table.values(invocation.size)

    def egress(self, invocation: Invocation, value: Any) -> dict[str, Any]:
        """Store; what is stored triggers what is next."""
        run_id = invocation.envelope.run_id
        if self._outgoing is None:
            # In this order: whoever sees the result may remove all the rest of the run.
            self._table(invocation, "results").put("result", {}, Status="done")
            store_result(self._settings.results_bucket, run_id, value)
        elif self._edge.kind == "Map":
            self._fan_out(invocation, value)
        else:
            self._return(invocation, value)
        return {"Session": run_id}

    def failed(self, invocation: Invocation, error: Exception) -> bool:
        """Whether that was the last attempt, and is now on its way to the run's failure record.

        A refusal before the attempt could be noted is final: without the note nobody would count to the last one.
        """
        if invocation.attempts < ATTEMPTS and not (invocation.attempts == 0 and isinstance(error, AccessDeniedError)):
            return False
        self._fail(invocation, describe(error), invocation.attempts)
        return True

    def answer(self, outcomes: Outcomes) -> Any:
        """Report the records that failed; only they are delivered again."""
        return {"batchItemFailures": [{"itemIdentifier": delivery.name} for delivery, _ in outcomes.failures]}

    def _return(self, invocation: Invocation, value: Any) -> None:
        fan_out = invocation.envelope.fan_out
        if fan_out is None:
            raise EnvelopeError(f"{self._edge.name} fans in and needs an index")
        table = self._table(invocation, str(self._outgoing))
        table.create(str(fan_out.index), return_key(self._edge.name, fan_out.index), value, Index=fan_out.index)
        if table.finish(fan_out.index, fan_out.size):
            table.put("fan-in", {}, To=str(self._edge.next), Size=fan_out.size)

    def _fan_out(self, invocation: Invocation, values: Any) -> None:
        if not isinstance(values, list):
            raise TypeError(f"{self._edge.name} must return an array to fan out over; got {type(values).__name__}")
        table, target = self._table(invocation, str(self._outgoing)), str(self._edge.next)
        stored = table.create("fan-out", return_key(self._edge.name, 1), values)
        for index, value in enumerate(stored, 1):
            table.create(str(index), input_key(target, index), value, To=target, Index=index, Size=len(stored))
        if not stored:
            returned = str(STAGES[target][1])
            self._table(invocation, returned).put("fan-in", {}, To=str(self._edge.fan_in), Size=0)

    def _fail(self, invocation: Invocation, told: dict[str, Any], attempts: int) -> None:
        fan_out = invocation.envelope.fan_out
        run_id = invocation.envelope.run_id
        failure = {
            "function": self._edge.name,
            "index": fan_out.index if fan_out else None,
            **told,
            "request_id": invocation.context.aws_request_id,
            "attempts": max(attempts, 1),
        }
        record = complete(run_id, self._settings.function_prefix, failure)
        # The recorder writes it to S3: a function that lacks a right of its own can still say so.
        self._table(invocation, "results").put("failed", {"Failure": {"S": encode(record).decode()}}, To=RECORDER)

    def _is_done(self, invocation: Invocation) -> bool:
        if self._outgoing is None:
            return how_ended(self._settings.results_bucket, invocation.envelope.run_id) is not None
        return self.stored(invocation) is not None

    def _item_key(self, invocation: Invocation) -> str:
        fan_out = invocation.envelope.fan_out
        return str(fan_out.index) if fan_out else "fan-in"

    def _table(self, invocation: Invocation, role: str) -> Table:
        run_id = invocation.envelope.run_id
        return Table(self._settings.tables[role], run_id, Returns(self._settings.returns_bucket, run_id))


def _sequence_number(record: Any) -> Any:
    match record:
        case {"dynamodb": {"SequenceNumber": str(number)}}:
            return number
    raise EnvelopeError(f"not a record of a DynamoDB stream: {record!r:.200}")


def _number(image: Image, name: str) -> int:
    match image.get(name):
        case {"N": str(number)} if _NUMBER.fullmatch(number) and int(number) <= MAX_SIZE:
            return int(number)
    raise EnvelopeError(f'"{name}" is no number from 0 to {MAX_SIZE}: {image!r:.300}')
