"""S3 triggers alone: a function runs because an object was created; no function ever invokes another.

Each stage has a bucket (see `stage`), whose notifications invoke the function that is next::

    square-input ──▶ square ──▶ square-output ──▶ total ──▶ ...

Event (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html), key URL-encoded::

    {"Records": [{"s3": {"bucket": {"name": "...-square-input-..."}, "object": {"key": "20261123-a1/3.json"}}}]}

A value that is handed on to a single function is a fan-out of one. Every value that returns from a fan-out triggers the fan-in
function. It ends at once while values are missing; when all are there, the lock lets one invocation go on. Events come at least
once, late and in any order; none of that changes what is stored.
"""

from typing import Any
from urllib.parse import unquote_plus

from runtime.orchestration.contract import Delivery, Invocation, LambdaContext, Orchestration
from runtime.orchestration.s3_triggers.lock import claim
from runtime.orchestration.s3_triggers.stage import FAN_IN, FAN_OUT, LOCK, NOTHING, Stage, parse_key, value_name
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.workflow.envelope import MAX_SIZE, EnvelopeError
from runtime.record import replace

_STALE_MARGIN_SECONDS = 60


class S3Triggers(Orchestration):
    """Store each value in a bucket, whose notification invokes the function that takes it."""

    def deliveries(self, event: Any) -> list[Delivery]:
        """Return one delivery for each record."""
        match event:
            case {"Records": [*records]} if records:
                return [Delivery(record) for record in records]
        raise EnvelopeError(f"not an S3 event: {event!r:.200}")

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand one record; `Invocation.given` is the number of its object. Raises EnvelopeError."""
        own = self.settings.buckets[self.place.from_stage]
        match event:
            case {"s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)}}} if bucket == own:
                run_id, number = parse_key(unquote_plus(key))
                return Invocation(run_id, number, context, number if self.place.takes == "branch" else None)
        raise EnvelopeError(f"not a record of an object created in {own}: {event!r:.200}")

    def admit(self, invocation: Invocation) -> Invocation | str:
        """Find out the fan-out's size; for a fan-in also whether it is complete and whether this invocation is to do it."""
        stage, number = self._incoming(invocation), invocation.given
        gathers = self.place.takes == "gather"
        bookkeeping = stage.find(FAN_IN if gathers else FAN_OUT)
        if bookkeeping is None:
            return "the run is no more"
        size = _size(bookkeeping.value)
        if not gathers:
            if not 1 <= number <= size:
                raise EnvelopeError(f"{stage.key(value_name(number))} is none of the run's {size} values")
            return replace(invocation, size=size, unclaimed=not bookkeeping.value.get("Marked"))
        missing = set(range(1, size + 1)) - stage.indexes()
        if missing:
            return f"{len(missing)} of {size} values are missing"
        # Lambda retries an event under its request id: it is the same claimant and re-enters after a crash. S3's duplicate of an
        # event has another id: while the first may be at work, the second is turned back.
        owner = f"{stage.bucket}/{stage.key(value_name(number))} by {invocation.context.aws_request_id}"
        stale_seconds = self.settings.timeout_seconds + _STALE_MARGIN_SECONDS
        if not claim(stage.bucket, stage.key(LOCK), owner, stale_seconds):
            return "another invocation does the fan-in"
        return replace(invocation, size=size)

    def read(self, invocation: Invocation) -> Any:
        """Read the object that triggered the function, or all values of a fan-in in order."""
        stage = self._incoming(invocation)
        if self.place.takes == "gather":
            return stage.values(invocation.size or 0)
        return stage.must_find(value_name(invocation.given))

    def find(self, invocation: Invocation) -> Found | None:
        """Return what an earlier invocation with the same work returned."""
        if self.place.edge == "Fan-in":
            return self._outgoing(invocation).find(value_name(invocation.number))
        fan_out = self._outgoing(invocation).find(FAN_OUT)
        return None if fan_out is None else Found(self._returned(fan_out.value["Values"]))

    def keep(self, invocation: Invocation, value: Any) -> Any:
        """Store a branch's value, or for any other function the next stage's bookkeeping with the values to fan out over."""
        stage = self._outgoing(invocation)
        if self.place.edge == "Fan-in":
            stage.create_or_read(FAN_IN, {"Size": invocation.size})
            return stage.create_or_read(value_name(invocation.number), value)
        values = value if self.place.edge == "Map" else [value]
        stored = stage.create_or_read(FAN_OUT, {"Size": len(values), "Values": values, "Marked": True})
        return self._returned(stored["Values"])

    def fan_out(self, invocation: Invocation, values: list[Any]) -> None:
        """Store each value. Where there are none, store the value that triggers the fan-in of an empty fan-out."""
        self._outgoing(invocation).create_all({value_name(index): value for index, value in enumerate(values, 1)})
        if not values:
            empty = self._stage(invocation, self.place.gathered_stage)
            empty.create_or_read(FAN_IN, {"Size": 0})
            empty.create_or_read(value_name(NOTHING), None)

    def _returned(self, values: list[Any]) -> Any:
        return values if self.place.edge == "Map" else values[0]

    def _incoming(self, invocation: Invocation) -> Stage:
        return self._stage(invocation, self.place.from_stage)

    def _outgoing(self, invocation: Invocation) -> Stage:
        return self._stage(invocation, str(self.place.to_stage))

    def _stage(self, invocation: Invocation, name: str) -> Stage:
        return Stage(self.settings.buckets[name], invocation.run_id)


def _size(bookkeeping: Any) -> int:
    match bookkeeping:
        case {"Size": int(size)} if not isinstance(size, bool) and 0 <= size <= MAX_SIZE:
            return size
    raise EnvelopeError(f'"Size" is missing, or not from 0 to {MAX_SIZE}: {bookkeeping!r:.200}')


make = S3Triggers
