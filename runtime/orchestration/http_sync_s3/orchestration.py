"""HTTP plus a store: each function's egress invokes the next one, and return values wait in one directory per fan-out.

Event::

    {"Session": run id, "Data": datum, "Fan-out": {"Index": 6, "Size": 6, "Directory": "square/"}}

`Directory` is where the branches of this fan-out leave their return values: in S3, or in another of the `stores`. The store
decides which branch finds the fan-in complete, and that one invokes the fan-in function with a pointer to the directory. With S3,
the branch whose index equals the size polls. When its Lambda time runs out, it hands the waiting on to a new invocation of
itself, whose event says since when it waits: `"Waiting": {"Since": 1795455974.1, "HandOns": 1}`.

Duplicates are harmless: whoever runs second finds the stored return value, skips the component, and continues as the first did.
"""

from functools import partial
from typing import Any

from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.contract import RECORDER, Invocation, Invoke, LambdaContext
from runtime.orchestration.ending.result import how_ended
from runtime.orchestration.enveloped import Enveloped
from runtime.orchestration.http_sync_s3 import fan_in, stores
from runtime.orchestration.http_sync_s3.stores import ReturnStore
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import input_key
from runtime.orchestration.workflow.envelope import (
    Directory,
    Envelope,
    EnvelopeError,
    FanOut,
    Inline,
    Pointer,
    checked_time,
)
from runtime.ports import ports
from runtime.record import replace

_INVOKERS = 32
_HAND_ON_MARGIN_SECONDS = 10.0
_SKEW_SECONDS = 60.0
"""By how much the clocks of two invocations may differ: a wait that begins in the future would end later than it may."""


class HttpSyncS3(Enveloped):
    """Invoke whoever is next, asynchronously; return values wait in a store, where one branch finds that all are there."""

    def __init__(self, settings: Settings, invoke: Invoke) -> None:
        """Raises ValueError: there is no such store of return values."""
        super().__init__(settings, invoke)
        self._open_store = stores.load(settings)

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand an envelope that may say where a fan-out returns, and since when its branch waits."""
        invocation = super().ingress(event, context)
        fan_out, own = invocation.given.fan_out, f"{self.place.name}/"
        if fan_out and fan_out.directory != own:
            raise EnvelopeError(f'"Directory" must be "{own}", where this fan-out returns: {fan_out.json()!r:.200}')
        self._waiting(invocation)
        return invocation

    def reader(self, invocation: Invocation) -> ReturnStore:
        """Open the run's store of return values."""
        return self._open_store(invocation.run_id)

    def find(self, invocation: Invocation) -> Found | None:
        """Return what an earlier invocation of the same branch returned. What is passed on is stored already."""
        return None if self.passes_on(invocation) else self.reader(invocation).find(self.place.name, invocation.number)

    def keep(self, invocation: Invocation, value: Any) -> Any:
        """Store a return value unless there is one, and return what is stored. What is passed on is stored already."""
        if self.passes_on(invocation):
            return value
        return self.reader(invocation).create_or_read(self.place.name, invocation.number, value)

    def fan_out(self, invocation: Invocation, values: list[Any]) -> None:
        """Invoke one function for each element, many at once; the poller last, so that it waits least."""
        target, size = str(self.place.next), len(values)
        if size == 0:
            self._gather(invocation, target, 0, str(self.place.fan_in))

        def start(index: int, element: Inline | Pointer) -> None:
            self._send(invocation, element, FanOut(index, size, f"{target}/"))

        branches = enumerate(self.elements(invocation, values), 1)
        at_once([partial(start, index, element) for index, element in branches], _INVOKERS)

    def hand_on(self, invocation: Invocation, value: Any) -> None:
        """Invoke the next function."""
        self._send(invocation, Inline(value), None)

    def fan_in(self, invocation: Invocation, value: Any) -> None:
        """If the store leaves it to this branch, continue, once the others have returned."""
        (since, hand_ons), size = self._waiting(invocation), invocation.size or 1
        remaining = invocation.context.get_remaining_time_in_millis() / 1000
        branch = fan_in.Branch(
            function=self.place.name,
            index=invocation.number,
            size=size,
            deadline=since + self.settings.fan_in_wait_seconds,
            invocation_ends=ports().clock.time() + remaining - min(_HAND_ON_MARGIN_SECONDS, remaining / 2),
            has_ended=lambda: how_ended(self.settings.results_bucket, invocation.run_id) is not None,
            clock=ports().clock,
        )
        waited = self.reader(invocation).fan_in(branch)
        if waited is None:
            return
        invocation.notes.update(polls=waited.polls, wait=waited.outcome.name, hand_ons=hand_ons)
        match waited.outcome:
            case fan_in.Outcome.COMPLETE:
                self._gather(invocation, self.place.name, size, str(self.place.next))
            case fan_in.Outcome.OUT_OF_TIME:
                handed_on = {"Waiting": {"Since": since, "HandOns": hand_ons + 1}}
                self.invoke(self.place.name, replace(invocation.given, more=invocation.given.more | handed_on).json())
            case fan_in.Outcome.EXPIRED:
                # Recorded here and now: raising would only make Lambda wait for the same branches again.
                self.invoke(RECORDER, self._expired(invocation, sorted(waited.missing)))
            case fan_in.Outcome.ENDED:
                pass

    def _send(self, invocation: Invocation, element: Inline | Pointer, fan_out: FanOut | None) -> None:
        """Invoke the next function with a value, as a claim check if it is one or is too large for an asynchronous payload."""
        target = str(self.place.next)
        if isinstance(element, Inline) and len(encode(element.json())) > ports().limits.event_bytes:
            key = input_key(target, fan_out.index if fan_out else 1)
            self.returns(invocation).write(key, element.value)
            element = Pointer(key)
        self.invoke(target, Envelope(invocation.run_id, element, fan_out).json())

    def _gather(self, invocation: Invocation, branches: str, size: int, target: str) -> None:
        """Invoke a fan-in function with a pointer to what its branches returned."""
        returned = Directory(branches, size, self.reader(invocation).source)
        self.invoke(target, Envelope(invocation.run_id, returned).json())

    def _expired(self, invocation: Invocation, missing: list[int]) -> dict[str, Any]:
        shown = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        message = (
            f"fan-in not complete after {self.settings.fan_in_wait_seconds} s: {len(missing)} of {invocation.size} "
            f"{self.place.name} invocations have not returned (index {shown})"
        )
        return {
            "Session": invocation.run_id,
            "Failure": {"Function": self.place.name, "Index": missing[0], "Error": "FanInTimeout", "Cause": message},
        }

    def _waiting(self, invocation: Invocation) -> tuple[float, int]:
        """Return since when this branch waits, in seconds since the epoch, and how often the waiting was handed on.

        Raises:
            EnvelopeError: `Waiting` is malformed.
        """
        match invocation.given.more.get("Waiting"):
            case None:
                return ports().clock.time(), 0
            case {"Since": since, "HandOns": int(hand_ons)} if (
                not isinstance(hand_ons, bool)
                and hand_ons > 0
                and checked_time("Since", since) <= ports().clock.time() + _SKEW_SECONDS
            ):
                return since, hand_ons
            case waiting:
                raise EnvelopeError(f'"Waiting" needs "Since", a time that has passed, and "HandOns": {waiting!r:.200}')


make = HttpSyncS3
