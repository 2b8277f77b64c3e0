"""HTTP plus a store: each function's egress invokes the next one, and return values wait in one directory per fan-out.

Event::

    {"Session": run id, "Data": datum, "Fan-out": {"Index": 6, "Size": 6, "Directory": "mapper/"}}

`Directory` is where the branches of this fan-out leave their return values: in S3, or in another of the `stores`. The store
decides which branch finds the fan-in complete, and that one invokes the fan-in function with a pointer to the directory. With S3,
the branch whose index equals the size polls. When the Lambda time of one that waits runs out, it hands the waiting on to a fresh
invocation of itself, whose event says since when it waits: `"Waiting": {"Since": 1795455974.1, "HandOns": 1}`.

Duplicates are harmless: whoever runs second finds the stored return value, skips the component, and continues as the first did.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.contract import Invocation, Invoke, LambdaContext, Orchestration
from runtime.orchestration.ending.result import how_ended, store_result
from runtime.orchestration.http_sync_s3 import fan_in, stores
from runtime.orchestration.http_sync_s3.stores import Branch, ReturnStore
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.found import Found
from runtime.orchestration.workflow import elements
from runtime.orchestration.workflow import envelope as envelopes
from runtime.orchestration.workflow.edge import DefinitionError, Edge
from runtime.orchestration.workflow.envelope import EnvelopeError, Inline, Pointer

ASYNC_PAYLOAD_BYTES = 900_000
"""What we use of an asynchronous invocation's 1 MB (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html)."""

ENTRY = "unum_map"
_INVOKERS = 32
_HAND_ON_MARGIN_SECONDS = 10.0
_SKEW_SECONDS = 60.0
"""By how much the clocks of two invocations may differ: a wait that begins in the future would end later than it may."""


def create(settings: Settings, invoke: Invoke, clock: fan_in.Clock | None = None) -> "HttpSyncS3":
    """Make this module's orchestration.

    Raises:
        DefinitionError: the package holds no `.next`.
        ValueError: there is no such store of return values.
    """
    if settings.edge is None:
        raise DefinitionError(f".next: missing from the package of {settings.function}; http_sync_s3 needs it")
    return HttpSyncS3(settings, settings.edge, invoke, clock or fan_in.Clock(), stores.load(settings))


class HttpSyncS3(Orchestration):
    """See `contract.Orchestration`."""

    def __init__(
        self, settings: Settings, edge: Edge, invoke: Invoke, clock: fan_in.Clock, open_store: Callable[[str], ReturnStore]
    ) -> None:
        self._settings, self._edge, self._invoke, self._clock, self._open_store = settings, edge, invoke, clock, open_store

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand an envelope. The entry function also takes a bare input document and makes it a run of its own."""
        bare = self._edge.name == ENTRY and not envelopes.is_envelope(event)
        if bare:
            # Lambda repeats an event under the same request id: the repetition belongs to the same run.
            event = {"Session": context.aws_request_id, "Data": envelopes.inline(event)}
        parsed = envelopes.parse(event)
        if parsed.fan_out and event["Fan-out"].get("Directory") != f"{self._edge.name}/":
            raise EnvelopeError(
                f'"Directory" must be "{self._edge.name}/", where this fan-out returns: {event["Fan-out"]!r:.200}'
            )
        if self._waiting(event)["HandOns"] and parsed.fan_out is None:
            raise EnvelopeError('"Waiting" without "Fan-out": only a branch of a fan-out waits')
        return Invocation(parsed, event, context, unclaimed=bare)

    def stored(self, invocation: Invocation) -> Found | None:
        """What an earlier invocation of the same branch returned. The entry passes its input on and stores nothing, and a run
        that has its result has ended."""
        if self._edge.name == ENTRY or self._edge.kind is None:
            return None
        return self._store(invocation).find(self._edge.name, _index(invocation))

    def read(self, invocation: Invocation) -> Any:
        """Take out a claim check, or read a fan-out's directory into an array ordered by index. For the entry see `elements`."""
        data, store = invocation.envelope.data, self._store(invocation)
        return elements.read(store, data, str(self._edge.next)) if self._edge.name == ENTRY else store.resolve(data)

    def egress(self, invocation: Invocation, value: Any) -> dict[str, Any]:
        """Store the return value and invoke who is next."""
        run_id = invocation.envelope.run_id
        if self._edge.kind is None:
            store_result(self._settings.results_bucket, run_id, value)
        else:
            if self._edge.name != ENTRY:
                value = self._store(invocation).create(self._edge.name, _index(invocation), value)
            match self._edge.kind:
                case "Map":
                    self._fan_out(invocation, value)
                case "Fan-in":
                    self._fan_in(invocation)
                case "Scalar":
                    self._continue(invocation, envelopes.inline(value))
        return {"Session": run_id}

    def _fan_out(self, invocation: Invocation, values: Any) -> None:
        """Invoke one function per element, many at once; the poller last, so that it waits least."""
        if not isinstance(values, list):
            raise TypeError(f"{self._edge.name} must return an array to fan out over; got {type(values).__name__}")
        target, size = str(self._edge.next), len(values)
        if size == 0:
            self._gather(invocation, target, 0, str(self._edge.fan_in))
            return

        branches = self._elements(invocation, values)

        def start(index: int, element: Inline | Pointer) -> None:
            fan_out = {"Index": index, "Size": size, "Directory": f"{target}/"}
            self._send(invocation, target, index, element, {"Fan-out": fan_out})

        at_once([partial(start, index, element) for index, element in enumerate(branches, 1)], _INVOKERS)

    def _elements(self, invocation: Invocation, values: list[Any]) -> list[Inline | Pointer]:
        if self._edge.name == ENTRY:
            return elements.passed_on(invocation.envelope.data, values, str(self._edge.next))
        return [Inline(value) for value in values]

    def _continue(self, invocation: Invocation, datum: Mapping[str, Any]) -> None:
        self._send(invocation, str(self._edge.next), 1, Inline(datum["Value"]), {})

    def _send(self, invocation: Invocation, target: str, index: int, element: Inline | Pointer, place: Mapping[str, Any]) -> None:
        """Invoke `target` with a value, as a claim check if it is one or is too large for an asynchronous payload."""
        if isinstance(element, Pointer):
            datum = envelopes.pointer(element.key)
        elif len(encode(datum := envelopes.inline(element.value))) > ASYNC_PAYLOAD_BYTES:
            datum = envelopes.pointer(self._store(invocation).write_claim_check(target, index, element.value))
        self._invoke(target, {"Session": invocation.envelope.run_id, "Data": datum, **place})

    def _gather(self, invocation: Invocation, branches: str, size: int, target: str) -> None:
        """Invoke a fan-in function with a pointer to what its branches returned."""
        datum = envelopes.directory(branches, size, self._store(invocation).source)
        self._invoke(target, {"Session": invocation.envelope.run_id, "Data": datum})

    def _fan_in(self, invocation: Invocation) -> None:
        """If the store leaves it to this branch, continue, once the others have returned."""
        envelope = invocation.envelope
        fan_out = envelope.fan_out
        if fan_out is None:
            raise EnvelopeError(f'{self._edge.name} fans in and needs "Fan-out" in its envelope')
        waiting = self._waiting(invocation.event)
        remaining = invocation.context.get_remaining_time_in_millis() / 1000
        branch = Branch(
            function=self._edge.name,
            index=fan_out.index,
            size=fan_out.size,
            deadline=waiting["Since"] + self._settings.fan_in_wait_seconds,
            invocation_ends=self._clock.now() + remaining - min(_HAND_ON_MARGIN_SECONDS, remaining / 2),
            has_ended=lambda: how_ended(self._settings.results_bucket, envelope.run_id) is not None,
            clock=self._clock,
        )
        waited = self._store(invocation).fan_in(branch)
        if waited is None:
            return
        invocation.notes.update(polls=waited.polls, wait=waited.outcome.name, hand_ons=waiting["HandOns"])
        match waited.outcome:
            case fan_in.Outcome.COMPLETE:
                self._gather(invocation, self._edge.name, fan_out.size, str(self._edge.next))
            case fan_in.Outcome.OUT_OF_TIME:
                handed_on = {"Since": waiting["Since"], "HandOns": waiting["HandOns"] + 1}
                self._invoke(self._edge.name, invocation.event | {"Waiting": handed_on})
            case fan_in.Outcome.EXPIRED:
                # Recorded here and now: raising would only make Lambda wait for the same branches again.
                self._invoke("recorder", self._expired(invocation, sorted(waited.missing)))
            case fan_in.Outcome.ENDED:
                pass

    def _expired(self, invocation: Invocation, missing: list[int]) -> dict[str, Any]:
        shown = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        message = (
            f"fan-in not complete after {self._settings.fan_in_wait_seconds} s: "
            f"{len(missing)} of {invocation.envelope.fan_out.size if invocation.envelope.fan_out else 0} "
            f"{self._edge.name} invocations have not returned (index {shown})"
        )
        return {
            "Session": invocation.envelope.run_id,
            "Failure": {"Function": self._edge.name, "Index": missing[0], "Error": "FanInTimeout", "Cause": message},
        }

    def _waiting(self, event: Any) -> dict[str, Any]:
        """Since when, and after how many hand-ons, this branch waits.

        Raises:
            EnvelopeError: `Waiting` is malformed.
        """
        match event.get("Waiting"):
            case None:
                return {"Since": self._clock.now(), "HandOns": 0}
            case {"Since": since, "HandOns": int(hand_ons)} if (
                not isinstance(hand_ons, bool)
                and hand_ons > 0
                and envelopes.checked_time("Since", since) <= self._clock.now() + _SKEW_SECONDS
            ):
                return {"Since": since, "HandOns": hand_ons}
        raise EnvelopeError(f'"Waiting" needs "Since", a time that has passed, and "HandOns": {event["Waiting"]!r:.200}')

    def _store(self, invocation: Invocation) -> ReturnStore:
        return self._open_store(invocation.envelope.run_id)


def _index(invocation: Invocation) -> int:
    """Of the return value: the branch's, or 1 outside a fan-out."""
    return invocation.envelope.fan_out.index if invocation.envelope.fan_out else 1
