"""HTTP and nothing else: a function's egress invokes whoever is next synchronously, and has its value as the response.

Event::

    {"Session": run id, "Data": datum, "Fan-out": {"Index": 3, "Size": 6}, "Deadline": 1795456274.1}

`Deadline` (seconds since the epoch) is when the caller's own time runs out: what cannot be answered by then is not begun.

The functions outside of fan-outs call one another, so that the entry function waits for all the rest, and its Lambda time limit
bounds the run. One that fans out calls its branches, and then the function that gathers what they have answered. A branch answers
with a datum. All branches share one payload, and a value that is larger than its share becomes a claim check. The caller passes
the list of data on, and takes no claim check out.

A run that fails is answered as such, up to the client, and the entry function records it::

    {"Session": run id, "Failure": {"function": "square", "index": 3, "error": "ValueError", "message": "...", ...}}

A caller that gets no answer, because the connection broke, calls once more. The function may then run twice at the same time.

A function that has nothing to do, because the caller's time is up or the run has failed meanwhile, answers with the reason::

    {"Session": run id, "TurnedBack": "the caller's time is up"}

Only a run that fails stores return values: before a caller answers with a failure, it keeps its own value and what its branches
have answered, as `{run}/{function}/{i}.json` in the returns bucket. A run that goes well pays nothing for it. The event of a
resumed run says so, `"Resumed": true`, and what is kept is then not done again. A caller that was killed has kept nothing: what
it called runs again.
"""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import count
from typing import Any

from runtime.aws.errors import AnswerLost, FunctionFailed, InvokeError, StorageError
from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.contract import Invocation, LambdaContext
from runtime.orchestration.ending.record import FailureRecord, describe, from_response
from runtime.orchestration.ending.result import DONE, REMOVED, how_ended, record_failure
from runtime.orchestration.enveloped import Enveloped
from runtime.orchestration.safe_text import message_of
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import input_key, return_key
from runtime.orchestration.workflow.envelope import (
    SEPARATOR_BYTES,
    Datum,
    Elements,
    Envelope,
    EnvelopeError,
    FanOut,
    Inline,
    Pointer,
    checked_time,
    parse_datum,
)
from runtime.ports import ports

ANSWERS_BYTES = 1_000_000
"""What all branches of a fan-out may answer together, without what lies in S3. It passes through their caller's memory, and is
written and read as JSON twice more, which is slower from some hundred kilobytes on."""

ATTEMPTS = 3
"""As often as Lambda itself would try an asynchronous invocation."""

_MARGIN_SECONDS = 3.0
_RETRY_SECONDS = 1.0


class BranchFailed(Exception):
    """A function that this one invoked has failed for good; `failure` is its record."""

    def __init__(self, failure: FailureRecord) -> None:
        super().__init__(str(failure))
        self.failure = failure


class HttpOnly(Enveloped):
    """Call whoever is next and wait for the answer, so that values travel in responses and the entry waits for all the rest."""

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand an envelope that may say until when its caller waits, and whether the run is resumed."""
        invocation = super().ingress(event, context)
        more = invocation.given.more
        if "Deadline" in more:
            checked_time("Deadline", more["Deadline"])
        if not isinstance(more.get("Resumed", False), bool):
            raise EnvelopeError(f'"Resumed" is neither true nor false: {more["Resumed"]!r:.200}')
        return invocation

    def admit(self, invocation: Invocation) -> Invocation | str:
        """Begin nothing for a caller that is gone."""
        return "the caller's time is up" if ports().clock.time() >= _callers_deadline(invocation) else invocation

    def turned_back(self, invocation: Invocation, reason: str) -> dict[str, Any]:
        """Tell the waiting caller where the result is, if the run is done, else why nothing is begun.

        A branch's caller wants a value, which a run that is done no longer has. It learns of the result before it records a
        failure.
        """
        if reason == DONE and self.place.takes != "branch":
            return self.result(invocation)
        return {"Session": invocation.run_id, "TurnedBack": reason}

    def find(self, invocation: Invocation) -> Found | None:
        """Return what was kept when the run failed, if it is resumed. A branch whose value was kept is not called at all."""
        if self.place.takes == "branch" or self.passes_on(invocation) or not _is_resumed(invocation):
            return None
        return self.returns(invocation).find(return_key(self.place.name, 1))

    def fan_in(self, invocation: Invocation, value: Any) -> dict[str, Any]:
        """Answer with the value: the caller passes on what all branches answer, so this one may fill its share of a payload."""
        share = min(ports().limits.payload_bytes, ANSWERS_BYTES) // (invocation.size or 1) - SEPARATOR_BYTES
        return self.returns(invocation).datum(value, return_key(self.place.name, invocation.number), share).json()

    def hand_on(self, invocation: Invocation, value: Any) -> dict[str, Any]:
        """Call the next function, and answer with its answer."""
        target, deadline = str(self.place.next), _deadline(invocation)

        def rest() -> Any:
            return self._call(invocation, target, self._datum(invocation, target, 1, Inline(value)), deadline)

        return self._see_to_the_end(invocation, value, {}, rest)

    def fan_out(self, invocation: Invocation, values: list[Any]) -> dict[str, Any]:
        """Call the branches, then the function that gathers what they answered, and answer with its answer."""
        gatherer, deadline = str(self.place.fan_in), _deadline(invocation)
        answers: dict[int, Datum] = {}

        def rest() -> Any:
            data = self._call_branches(invocation, values, answers, deadline)
            if len(encode(listed := [datum.json() for datum in data])) > ports().limits.payload_bytes:
                # Claim checks alone, of more than a hundred thousand branches.
                self.returns(invocation).write(key := input_key(gatherer, 1), listed)
                return self._call(invocation, gatherer, Elements(key), deadline)
            return self._call(invocation, gatherer, data, deadline)

        return self._see_to_the_end(invocation, values, answers, rest)

    def _call_branches(
        self, invocation: Invocation, values: list[Any], answers: dict[int, Datum], deadline: float
    ) -> list[Datum]:
        """Return what the branches answer, in order, and note it in `answers` while others are under way. Raises BranchFailed."""
        target, size = str(self.place.next), len(values)
        kept = self.returns(invocation).indexes(target) if _is_resumed(invocation) else set()

        def branch(index: int, element: Inline | Pointer) -> Datum:
            if index in kept:
                return Pointer(return_key(target, index))
            datum = self._datum(invocation, target, index, element)
            answers[index] = parse_datum(self._call(invocation, target, datum, deadline, FanOut(index, size)))
            return answers[index]

        branches = enumerate(self.elements(invocation, values), 1)
        return at_once([partial(branch, index, element) for index, element in branches], self.settings.fan_out_concurrency)

    def _datum(self, invocation: Invocation, target: str, number: int, element: Inline | Pointer) -> Inline | Pointer:
        """Return how an element reaches its function: as a claim check, if it is one or is too large for a payload."""
        if isinstance(element, Pointer):
            return element
        return self.returns(invocation).datum(element.value, input_key(target, number), ports().limits.payload_bytes)

    def _see_to_the_end(
        self, invocation: Invocation, value: Any, answers: Mapping[int, Datum], rest: Callable[[], Any]
    ) -> dict[str, Any]:
        """Return what the rest of the run answers; if it fails, record that at the entry, and keep what has been done."""
        answer: dict[str, Any]
        try:
            answer = rest()
        except BranchFailed as failed:
            answer = {"Session": invocation.run_id, "Failure": failed.failure.json()}
        if "Failure" not in answer:
            return answer
        failure = invocation.notes["failure"] = answer["Failure"]
        results, run_id = self.settings.results_bucket, invocation.run_id
        # First of all: what comes after it may take longer than the time that is left.
        record = FailureRecord.parse(run_id, self.settings.function_prefix, failure)
        end = record_failure(results, record) if self.place.entry else how_ended(results, run_id)
        if end == DONE:
            # Another invocation of this run, whose caller lost its answer, was faster.
            return self.result(invocation)
        if end != REMOVED:
            # Otherwise nobody resumes the run, and what it kept has been tidied up.
            self._keep_all(invocation, value, answers)
        return answer

    def _keep_all(self, invocation: Invocation, value: Any, answers: Mapping[int, Datum]) -> None:
        """Store the own value and the branches' for a resumed run. A failure to do so is only noted, and hides no other."""
        returns = self.returns(invocation)
        own = {} if self.passes_on(invocation) else {return_key(self.place.name, 1): value}
        # A claim check in an answer lies where it would be kept.
        inline = {index: datum.value for index, datum in answers.items() if isinstance(datum, Inline)}
        values = own | {return_key(str(self.place.next), index): each for index, each in inline.items()}
        try:
            at_once([partial(returns.write, key, each) for key, each in values.items()])
        except StorageError as error:
            invocation.notes["not_kept"] = message_of(error)

    def _call(
        self, invocation: Invocation, target: str, data: Datum | list[Datum], deadline: float, fan_out: FanOut | None = None
    ) -> Any:
        """Invoke a function and return its answer; what failed is tried again, as Lambda would an asynchronous invocation.

        An answer that got lost is asked for once more. The first invocation may still run, which does no harm: both emit the same
        objects and answer the same, and of two results the first stays.

        Raises:
            BranchFailed: it failed each time, or there is no time for another try.
        """
        resumed = {"Resumed": True} if fan_out is None and _is_resumed(invocation) else {}
        payload = Envelope(invocation.run_id, data, fan_out, {**resumed, "Deadline": deadline}).json()
        pause, lost = _RETRY_SECONDS, False
        for attempt in count(1):
            began = ports().clock.time()
            try:
                answer = self.invoke(target, payload, deadline)
            except FunctionFailed as failed:
                told = from_response(failed.response)
                again = attempt - lost < ATTEMPTS
            except InvokeError as error:
                # What was refused, or not taken in time, is not sent again.
                told = describe(error) | {"traceback": [], "request_id": None}
                again = isinstance(error, AnswerLost) and not lost
                lost = True
            else:
                if "TurnedBack" not in answer:
                    return answer
                told = from_response({"errorType": "TurnedBack", "errorMessage": answer["TurnedBack"]})
                again = False
            # The next attempt may last as long as this one: this function must still be there to tell of it.
            took = ports().clock.time() - began
            if not again or ports().clock.time() + pause + took >= deadline:
                where = {"function": target, "index": fan_out.index if fan_out else None, "attempts": attempt}
                raise BranchFailed(FailureRecord.build(invocation.run_id, self.settings.function_prefix, **where, **told))
            ports().clock.sleep(pause)
            pause *= 2
        raise AssertionError("the last attempt returns or raises")


def _deadline(invocation: Invocation) -> float:
    """Return when this function's own time or its caller's is up, in seconds since the epoch."""
    remaining: float = invocation.context.get_remaining_time_in_millis() / 1000 - _MARGIN_SECONDS
    return min(ports().clock.time() + remaining, _callers_deadline(invocation))


def _callers_deadline(invocation: Invocation) -> float:
    deadline: float = invocation.given.more.get("Deadline", float("inf"))
    return deadline


def _is_resumed(invocation: Invocation) -> bool:
    return bool(invocation.given.more.get("Resumed", False))


make = HttpOnly
