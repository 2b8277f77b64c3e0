"""http_only: the client invokes the entry and stays on the line; see `entry` for the payload.

The answer comes when all is done. The result lies in the results bucket as ever, so this only tells of failures::

    {"Session": run, "Result": "{run}/result.json"}
    {"Session": run, "Failure": the record that failed.json holds}
    FunctionError, with {"errorType", "errorMessage", "stackTrace"}: the entry itself was ended, and nobody has recorded it

The client then records it. With --no-wait nobody is on the line: the invocation is asynchronous, and Lambda tells the recorder.

Return values lie nowhere, but those of a run that failed: see runtime.orchestration.http_only. To resume it, the entry is invoked
again over the stored input, with `"Resumed": true`. What a caller had in hand when it was killed was not kept, and runs again.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from runtime.encoding import encode
from runtime.orchestration.ending.record import FailureRecord, from_response
from scripts.client.aws import objects
from scripts.client.deployment import Deployment
from scripts.client.errors import StorageError
from scripts.client.orchestrations import entry, handing_over
from scripts.client.orchestrations.base import Orchestration, Progress, Verdict
from scripts.client.orchestrations.calling import Answer, Call
from scripts.client.orchestrations.http_sync_s3.return_stores import InBucket
from scripts.client.stored import checked, claim

_MARGIN_SECONDS = 30.0
"""After the function's own timeout: to be sure that it has ended."""


class HttpOnly(Orchestration):
    """A run as one long call."""

    service = "lambda"
    entry_waits = True
    longest_seconds = 280

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._call: Call | None = None
        self._ends = float("inf")
        self._verdict: Verdict | None = None

    @classmethod
    def crowding(cls, deployment: Deployment, sizes: Mapping[str, int], limit: int) -> str | None:
        """Each function outside a fan-out waits for all the rest, and holds a place meanwhile."""
        callers: list[str] = []
        needed = held = 1
        for place in deployment.workflow.places:
            if place.takes == "branch":
                needed, held = max(needed, sizes.get(place.name, 0) + len(callers)), max(held, len(callers))
            elif place.edge:
                callers.append(place.name)
        if needed <= limit:
            return None
        hold = f"{' and '.join(callers[:held])} hold {held} place{'s' * (held != 1)} while they wait"
        if limit <= held:
            return f"This run can't end there: {hold}. Deploy another orchestration"
        return (
            f"This run needs {needed}, since {hold} for the others. What is throttled is called again until the time limit of "
            f"who waits for it. Deploy with http_only.fan_out_concurrency={limit - held}"
        )

    def start(self, elements: Sequence[Any], *, attended: bool) -> None:
        """Invoke the entry, and see that Lambda takes it."""
        entry.launch(self.aws, self.run_id, elements, partial(self._send, attended=attended))

    def resume(self, size: int, *, attended: bool) -> list[str]:
        """Invoke the entry again, which calls what nothing is kept of."""
        again = self._lacks(size)
        self._send(entry.relaunch(self.workflow, self.run_id, Resumed=True), attended=attended)
        return again

    def _lacks(self, size: int) -> list[str]:
        """What nothing is kept of, where the run stands."""
        returns, kept = self.aws.store("returns"), InBucket(self.aws, self.run_id)
        key = f"{self.run_id}/{entry.input_of(self.workflow)}"
        if self.workflow.begins_with_fan_out:
            handing_over.read_list(returns, key, size)
        elif not objects.exists(returns, key):
            raise checked.expired("its input")
        for place in self.workflow.steps:
            if place.takes == "branch":
                if unfinished := kept.unfinished(place.name, size):
                    return checked.run_again(place.name, unfinished, str(place.next))
            elif place.edge is None or (found := kept.value(place.name)) is None:
                return [place.name]
            else:
                size = len(checked.array(found.value, f"{place.name}'s value")) if place.edge == "Map" else 1
        return []

    def _send(self, payload: bytes, *, attended: bool) -> None:
        name = str(self.workflow.entry)
        if not attended:
            entry.send_off(self.aws, name, payload)
            return
        function = self.aws.deployment.function(name)
        answer_seconds = self.aws.deployment.timeout_of(name) + _MARGIN_SECONDS
        call = Call(self.aws.long_client("lambda", answer_seconds), function, payload)
        call.wait_until_taken()
        if call.error is not None and call.error.certain:
            raise call.error
        self._call, self._ends = call, time.monotonic() + answer_seconds

    def progress(self, size: int | None) -> Progress:
        """Unknown: return values travel in responses and lie nowhere."""
        return Progress(sizes=self.sizes(size))

    def verdict(self) -> Verdict | None:
        """The answer, once it is there; a failure is recorded first, so that it is known to others too."""
        if self._verdict is None and self._call is not None:
            self._verdict = self._judge(self._call)
        return self._verdict

    def _judge(self, call: Call) -> Verdict | None:
        if call.answer is not None:
            record = self._read_failure(call.answer)
            if record is None:
                return Verdict("SUCCEEDED")
        elif call.error is not None and call.error.certain:
            record = self._complete(error="NotInvoked", message=str(call.error))
        elif time.monotonic() > self._ends:
            message = f"no answer came within the function's time: {call.error}" if call.error else "no answer came in time"
            record = self._complete(error="NoAnswer", message=message)
        else:
            return None
        with suppress(StorageError):  # the verdict holds all the same
            # Beside its result, or an earlier failure, nothing is recorded: only what came after that failed then.
            claim.record_failure(self.aws.store("results"), self.run_id, encode(record))
        return Verdict("FAILED", str(record.get("error")), str(record.get("message")))

    def _read_failure(self, answer: Answer) -> dict[str, Any] | None:
        """What the answer says of a failure, as failed.json has it."""
        value = answer.value if isinstance(answer.value, dict) else {}
        if not answer.failed:
            failure = value.get("Failure")
            return self._complete(**failure) if isinstance(failure, dict) else None
        told = from_response(value)
        return self._complete(**told | {"request_id": told["request_id"] or answer.request_id})

    def _complete(self, **told: Any) -> dict[str, Any]:
        record = FailureRecord.parse(self.run_id, "", {"function": self.workflow.entry, "attempts": 1, **told})
        return record.json() | {"log_group": self.aws.deployment.log_groups.get(str(record.function))}
