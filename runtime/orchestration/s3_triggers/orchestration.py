"""S3 triggers alone: a function runs because an object was created; no function ever invokes another.

Each stage has a bucket (see `stage`), whose notifications invoke the function that is next::

    input ──▶ mapper ──▶ mapper-output ──▶ partition ──▶ reducer-input ──▶ reducer ──▶ reducer-output ──▶ summary

Event (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html), key URL-encoded::

    {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "...-input-..."}, "object": {"key": "20261123-a1/3.json"}}}]}

Every value that returns triggers the fan-in function. It ends at once while values are missing; when all are there, the lock
lets one invocation go on. Events come at least once, late and in any order; none of that changes what is stored.
"""

from typing import Any
from urllib.parse import unquote_plus

from runtime.orchestration.contract import Delivery, Invocation, Invoke, LambdaContext, Orchestration
from runtime.orchestration.ending.result import store_result
from runtime.orchestration.s3_triggers.lock import claim
from runtime.orchestration.s3_triggers.stage import NOTHING, Stage, parse_key, value_name
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.found import Found
from runtime.orchestration.workflow.edge import DefinitionError, Edge
from runtime.orchestration.workflow.envelope import MAX_SIZE, Envelope, EnvelopeError, FanOut, Inline
from runtime.record import replace

STAGES = {
    "mapper": ("mapper-input", "mapper-output"),
    "partition": ("mapper-output", "reducer-input"),
    "reducer": ("reducer-input", "reducer-output"),
    "summary": ("reducer-output", None),
}
"""Which bucket triggers a function, and where its values go."""

_STALE_MARGIN_SECONDS = 60


def create(settings: Settings, invoke: Invoke) -> "S3Triggers":
    """Make this module's orchestration; nothing is ever invoked from here.

    Raises:
        DefinitionError: the package holds no `.next`.
    """
    if settings.edge is None:
        raise DefinitionError(f".next: missing from the package of {settings.function}; s3_triggers needs it")
    return S3Triggers(settings, settings.edge)


class S3Triggers(Orchestration):
    """See `contract.Orchestration`."""

    def __init__(self, settings: Settings, edge: Edge) -> None:
        self._settings, self._edge = settings, edge
        incoming, outgoing = STAGES[edge.name]
        self._incoming = settings.buckets[incoming]
        self._outgoing = settings.buckets[outgoing] if outgoing else None

    def deliveries(self, event: Any) -> list[Delivery]:
        """One for each record, each with the event's shape."""
        match event:
            case {"Records": [*records]} if records:
                return [Delivery(str(number), {"Records": [record]}) for number, record in enumerate(records)]
        raise EnvelopeError(f"not an S3 event: {event!r:.200}")

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand one record. Raises EnvelopeError: also for an object of another bucket."""
        match event:
            case {"Records": [{"s3": {"bucket": {"name": str(bucket)}, "object": {"key": str(key)}}}]} if (
                bucket == self._incoming
            ):
                run_id, index = parse_key(unquote_plus(key))
                # How large the fan-out is stands in the bucket; `admit` reads it there.
                return Invocation(Envelope(run_id, Inline(None), FanOut(index, max(index, 1))), event, context)
        raise EnvelopeError(f"not a record of an object created in {self._incoming}: {event!r:.200}")

    def admit(self, invocation: Invocation) -> Invocation | str:
        """Find out the fan-out's size; for a fan-in also whether it is complete and whether this invocation is to do it."""
        stage, index = self._stage_in(invocation), _index(invocation)
        if self._edge.kind == "Fan-in":
            fan_out = stage.find(".unum_map")
            if fan_out is None:
                return "the run is no more"
            size = _size(fan_out.value)
            if not 1 <= index <= size:
                raise EnvelopeError(f"{stage.key(value_name(index))} is none of the run's {size} values")
            by_hand = self._edge.name == "mapper" and not fan_out.value.get("Marked")
            return replace(_placed(invocation, FanOut(index, size)), unclaimed=by_hand)
        sync = stage.find(".sync")
        if sync is None:
            return "the run is no more"
        size = _size(sync.value)
        missing = set(range(1, size + 1)) - stage.indexes()
        if missing:
            return f"{len(missing)} of {size} values are missing"
        # Lambda retries an event under its request id: it is the same claimant and re-enters after a crash. S3's duplicate of an
        # event has another id: while the first may be at work, the second is turned back.
        owner = f"{stage.bucket}/{stage.key(value_name(index))} by {invocation.context.aws_request_id}"
        stale_seconds = self._settings.timeout_seconds + _STALE_MARGIN_SECONDS
        if not claim(stage.bucket, stage.key(".lock"), owner, stale_seconds):
            return "another invocation does the fan-in"
        return replace(invocation, envelope=replace(invocation.envelope, fan_out=None), size=size)

    def stored(self, invocation: Invocation) -> Found | None:
        """What an earlier invocation with the same work returned; a run that has its result has ended."""
        if self._edge.kind is None:
            return None
        if self._edge.kind == "Fan-in":
            return self._stage_out(invocation).find(value_name(_index(invocation)))
        fan_out = self._stage_out(invocation).find(".unum_map")
        return None if fan_out is None else Found(fan_out.value["Values"])

    def read(self, invocation: Invocation) -> Any:
        """The object that triggered a branch, or all values of a fan-in in order."""
        if self._edge.kind == "Fan-in":
            return self._stage_in(invocation).must_find(value_name(_index(invocation)))
        return self._stage_in(invocation).values(invocation.size)

    def egress(self, invocation: Invocation, value: Any) -> dict[str, Any]:
        """Store; what is stored triggers what is next."""
        run_id = invocation.envelope.run_id
        match self._edge.kind:
            case None:
                store_result(self._settings.results_bucket, run_id, value)
            case "Fan-in":
                stage = self._stage_out(invocation)
                stage.create(".sync", {"Size": invocation.envelope.fan_out.size if invocation.envelope.fan_out else 0})
                stage.create(value_name(_index(invocation)), value)
            case "Map":
                self._fan_out(invocation, value)
        return {"Session": run_id}

    def _fan_out(self, invocation: Invocation, values: Any) -> None:
        if not isinstance(values, list):
            raise TypeError(f"{self._edge.name} must return an array to fan out over; got {type(values).__name__}")
        stage = self._stage_out(invocation)
        stored = stage.create(".unum_map", {"Size": len(values), "Values": values})["Values"]
        stage.create_all({value_name(index): value for index, value in enumerate(stored, 1)})
        if not stored:
            returned = STAGES[str(self._edge.next)][1]
            empty = Stage(self._settings.buckets[str(returned)], invocation.envelope.run_id)
            empty.create(".sync", {"Size": 0})
            empty.create(value_name(NOTHING), None)

    def _stage_in(self, invocation: Invocation) -> Stage:
        return Stage(self._incoming, invocation.envelope.run_id)

    def _stage_out(self, invocation: Invocation) -> Stage:
        return Stage(str(self._outgoing), invocation.envelope.run_id)


def _index(invocation: Invocation) -> int:
    fan_out = invocation.envelope.fan_out
    return fan_out.index if fan_out else 1


def _placed(invocation: Invocation, fan_out: FanOut) -> Invocation:
    return replace(invocation, envelope=replace(invocation.envelope, fan_out=fan_out))


def _size(bookkeeping: Any) -> int:
    match bookkeeping:
        case {"Size": int(size)} if not isinstance(size, bool) and 0 <= size <= MAX_SIZE:
            return size
    raise EnvelopeError(f'"Size" is missing, or not from 0 to {MAX_SIZE}: {bookkeeping!r:.200}')
