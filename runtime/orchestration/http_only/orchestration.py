"""HTTP and nothing else: the egress of a fan-out's caller invokes its branches synchronously and has their values as responses.

Event::

    {"Session": run id, "Data": datum, "Fan-out": {"Index": 3, "Size": 6}, "Deadline": 1795456274.1}

`Deadline` (seconds since the epoch) is when the caller's own time runs out: what cannot be answered by then is not begun. A
branch answers with a datum: a claim check, if its value is larger than its share of what one payload holds of all branches. The
caller passes the list of what they answer on to the function that they meet in, and takes no claim check out. `unum_map` invokes
the mappers, then partition with their values; partition the reducers, then summary. So `unum_map` waits for all the rest, and its
Lambda timeout bounds the run.

A run that fails is answered as such, up to the client, and recorded by `unum_map`::

    {"Session": run id, "Failure": {"function": "mapper", "index": 3, "error": "ValueError", "message": "...", ...}}

A caller that gets no answer, because the connection broke, calls once more. The function may then run twice at the same time.

A function that has nothing to do, because the caller's time is up or the run has failed meanwhile, answers with the reason::

    {"Session": run id, "TurnedBack": "the caller's time is up"}

Only a run that fails stores return values: before a fan-out's caller answers with a failure, it keeps what its branches have
answered as `{run}/mapper/{i}.json` or `{run}/reducer/{i}.json` in the returns bucket, and partition what it fanned out over. A
run that goes well pays nothing for it. The event of a resumed run says so, `"Resumed": true`, and its fan-outs then call only the
branches of which nothing is kept. A caller that was killed has kept nothing: what it called runs again.
"""

import time
from collections.abc import Mapping
from functools import partial
from itertools import count
from typing import Any

from runtime.aws.errors import AnswerLost, FunctionFailed, InvokeError, StorageError
from runtime.concurrency import at_once
from runtime.encoding import encode
from runtime.orchestration.contract import Invocation, Invoke, LambdaContext, Orchestration
from runtime.orchestration.ending.record import complete, describe, from_response
from runtime.orchestration.ending.result import DONE, REMOVED, record_failure, store_result
from runtime.orchestration.safe_text import message_of
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.found import Found
from runtime.orchestration.values.returns import Returns, input_key, own_key, return_key
from runtime.orchestration.workflow import elements
from runtime.orchestration.workflow import envelope as envelopes
from runtime.orchestration.workflow.edge import DefinitionError, Edge
from runtime.orchestration.workflow.envelope import SEPARATOR_BYTES, EnvelopeError, Inline, Pointer

PAYLOAD_BYTES = 5_500_000
"""What we use of the 6 MB of a synchronous request or response (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html)."""

ANSWERS_BYTES = 1_000_000
"""What all branches of a fan-out may answer together, without what lies in S3. It passes through their caller's memory, and is
written and read as JSON twice more, which is slower from some hundred kilobytes on."""

ENTRY = "unum_map"
ATTEMPTS = 3
"""As often as Lambda itself would try an asynchronous invocation."""

_MARGIN_SECONDS = 3.0
_RETRY_SECONDS = 1.0


def create(settings: Settings, invoke: Invoke) -> "HttpOnly":
    """Make this module's orchestration; `invoke` takes function, envelope and deadline, and returns the function's answer.

    Raises:
        DefinitionError: the package holds no `.next`.
    """
    if settings.edge is None:
        raise DefinitionError(f".next: missing from the package of {settings.function}; http_only needs it")
    return HttpOnly(settings, settings.edge, invoke)


class BranchFailed(Exception):
    """A function that this one invoked has failed for good; `failure` is its record."""

    def __init__(self, failure: dict[str, Any]) -> None:
        super().__init__(f"{failure['function']} {failure['index'] or ''} failed: {failure['error']}: {failure['message']}")
        self.failure = failure


class HttpOnly(Orchestration):
    """See `contract.Orchestration`."""

    def __init__(self, settings: Settings, edge: Edge, invoke: Invoke) -> None:
        self._settings, self._edge, self._invoke = settings, edge, invoke

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand an envelope. The entry function also takes a bare input document and makes it a run of its own."""
        bare = self._edge.name == ENTRY and not envelopes.is_envelope(event)
        if bare:
            event = {"Session": context.aws_request_id, "Data": envelopes.inline(event)}
        parsed = envelopes.parse(event)
        if "Deadline" in event:
            envelopes.checked_time("Deadline", event["Deadline"])
        if not isinstance(event.get("Resumed", False), bool):
            raise EnvelopeError(f'"Resumed" is neither true nor false: {event["Resumed"]!r:.200}')
        return Invocation(parsed, event, context, unclaimed=bare)

    def admit(self, invocation: Invocation) -> Invocation | str:
        """Nothing is begun for a caller that is gone."""
        if time.time() >= invocation.event.get("Deadline", float("inf")):
            return "the caller's time is up"
        return invocation

    def turned_back(self, invocation: Invocation, reason: str) -> dict[str, Any]:
        """Tell the caller, who waits: what the run came to, if it is done, else why nothing is begun.

        A mapper's or reducer's caller wants a value, of which a run that is done has none left. It learns of the result when it
        would record a failure.
        """
        if reason == DONE and self._edge.kind in ("Map", None):
            return _result(invocation)
        return {"Session": invocation.envelope.run_id, "TurnedBack": reason}

    def stored(self, invocation: Invocation) -> Found | None:
        """In a resumed run, what partition fanned out over, since the reducers' values belong to that."""
        if self._edge.kind != "Map" or self._edge.name == ENTRY or not _is_resumed(invocation):
            return None
        return self._returns(invocation).find(own_key(self._edge.name, invocation.envelope))

    def read(self, invocation: Invocation) -> Any:
        """Take out claim checks; a fan-in's values come as a list of data in the order of the branches.

        For the entry see `elements`.
        """
        data, returns = invocation.envelope.data, self._returns(invocation)
        return elements.read(returns, data, str(self._edge.next)) if self._edge.name == ENTRY else returns.resolve(data)

    def egress(self, invocation: Invocation, value: Any) -> Any:
        """Answer the caller; before that, a fan-out's caller does all the rest of the run."""
        match self._edge.kind:
            case None:
                run_id = invocation.envelope.run_id
                store_result(self._settings.results_bucket, run_id, value)
                return _result(invocation)
            case "Map":
                return self._fan_out_and_in(invocation, value)
            case "Fan-in":
                return self._answer(invocation, value)
            case "Scalar":
                raise DefinitionError(f'{self._edge.name}.next: http_only has no "Scalar" edge')

    def _fan_out_and_in(self, invocation: Invocation, values: Any) -> dict[str, Any]:
        if not isinstance(values, list):
            raise TypeError(f"{self._edge.name} must return an array to fan out over; got {type(values).__name__}")
        target, fan_in, size = str(self._edge.next), str(self._edge.fan_in), len(values)
        deadline = self._deadline(invocation)
        kept = self._returns(invocation).indexes(target) if _is_resumed(invocation) else set()
        answered: dict[int, Any] = {}
        branches = self._elements(invocation, values)

        def branch(index: int, element: Inline | Pointer) -> Any:
            if index in kept:
                return envelopes.pointer(return_key(target, index))
            if isinstance(element, Pointer):
                datum = envelopes.pointer(element.key)
            else:
                datum = self._returns(invocation).datum(element.value, input_key(target, index), PAYLOAD_BYTES)
            place = {"Fan-out": {"Index": index, "Size": size}}
            answered[index] = self._call(invocation, target, {"Data": datum, **place}, index, deadline)
            return answered[index]

        try:
            calls = [partial(branch, index, element) for index, element in enumerate(branches, 1)]
            returned = at_once(calls, self._settings.fan_out_concurrency)
            data: Any = returned
            if len(encode(returned)) > PAYLOAD_BYTES:
                # Claim checks alone, of more than a hundred thousand branches.
                self._returns(invocation).write(key := input_key(fan_in, 1), returned)
                data = envelopes.elements(key)
            resumed = {"Resumed": True} if _is_resumed(invocation) else {}
            answer = self._call(invocation, fan_in, {"Data": data, **resumed}, None, deadline)
        except BranchFailed as failed:
            answer = {"Session": invocation.envelope.run_id, "Failure": failed.failure}
        if "Failure" in answer:
            failure = invocation.notes["failure"] = answer["Failure"]
            end = failure["message"] if failure["error"] == "TurnedBack" else None
            if self._edge.name == ENTRY:
                # First of all: what comes after it may take longer than the time that is left.
                end = record_failure(self._settings.results_bucket, invocation.envelope.run_id, failure)
                if end == DONE:
                    # Another invocation of this run, whose caller lost its answer, was faster.
                    return _result(invocation)
            if end not in (DONE, REMOVED):
                # Else nobody resumes the run, and what it kept has been tidied up.
                self._keep(invocation, values, answered)
        return dict(answer)

    def _elements(self, invocation: Invocation, values: list[Any]) -> list[Inline | Pointer]:
        if self._edge.name == ENTRY:
            return elements.passed_on(invocation.envelope.data, values, str(self._edge.next))
        return [Inline(value) for value in values]

    def _keep(self, invocation: Invocation, values: list[Any], answered: Mapping[int, Any]) -> None:
        """Store what the branches answered, for a resumed run; a failure to do so is noted, and hides not why the run failed."""
        returns, target = self._returns(invocation), str(self._edge.next)
        # A claim check in an answer lies where it would be kept.
        inline = {index: datum for index, datum in answered.items() if isinstance(envelopes.parse_datum(datum), Inline)}
        try:
            if self._edge.name != ENTRY:
                returns.write(own_key(self._edge.name, invocation.envelope), values)
            at_once([partial(returns.write, return_key(target, index), datum["Value"]) for index, datum in inline.items()])
        except StorageError as error:
            invocation.notes["not_kept"] = message_of(error)

    def _call(self, invocation: Invocation, target: str, envelope: Mapping[str, Any], index: int | None, deadline: float) -> Any:
        """Invoke a function and return its answer; what failed is tried again, as Lambda would an asynchronous invocation.

        An answer that got lost is asked for once more. The first invocation may still run, which does no harm: both emit the same
        objects and answer the same, and of two results the first stays.

        Raises:
            BranchFailed: it failed each time, or there is no time for another try.
        """
        payload = {"Session": invocation.envelope.run_id, **envelope, "Deadline": deadline}
        pause, lost = _RETRY_SECONDS, False
        for attempt in count(1):
            began = time.time()
            try:
                answer = self._invoke(target, payload, deadline)
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
            took = time.time() - began
            if not again or time.time() + pause + took >= deadline:
                where = {"function": target, "index": index}
                prefix, run_id = self._settings.function_prefix, invocation.envelope.run_id
                raise BranchFailed(complete(run_id, prefix, {**where, **told, "attempts": attempt}))
            time.sleep(pause)
            pause *= 2
        raise AssertionError("the last attempt returns or raises")

    def _answer(self, invocation: Invocation, value: Any) -> dict[str, Any]:
        """A branch's value for its caller, which passes on what all branches answer: so it may fill its share."""
        envelope = invocation.envelope
        branches = envelope.fan_out.size if envelope.fan_out else 1
        key = own_key(self._edge.name, envelope)
        return self._returns(invocation).datum(value, key, min(PAYLOAD_BYTES, ANSWERS_BYTES) // branches - SEPARATOR_BYTES)

    def _deadline(self, invocation: Invocation) -> float:
        """When this function's own time, and its caller's, is up: seconds since the epoch."""
        remaining: float = invocation.context.get_remaining_time_in_millis() / 1000 - _MARGIN_SECONDS
        callers: float = invocation.event.get("Deadline", float("inf"))
        return min(time.time() + remaining, callers)

    def _returns(self, invocation: Invocation) -> Returns:
        return Returns(self._settings.returns_bucket, invocation.envelope.run_id)


def _result(invocation: Invocation) -> dict[str, Any]:
    run_id = invocation.envelope.run_id
    return {"Session": run_id, "Result": f"{run_id}/result.json"}


def _is_resumed(invocation: Invocation) -> bool:
    return bool(invocation.event.get("Resumed", False))
