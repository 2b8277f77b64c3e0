"""http_only: the client invokes `unum_map` and stays on the line; see `entry` for the payload.

The answer comes when all is done. The result lies in the results bucket as ever, so this only tells of failures::

    {"Session": run, "Result": "{run}/result.json"}
    {"Session": run, "Failure": the record that failed.json holds}
    FunctionError, with {"errorType", "errorMessage", "stackTrace"}: unum_map itself was ended, and nobody has recorded it

The client then records it. With --no-wait nobody is on the line: the invocation is asynchronous, and Lambda tells `recorder`.

Return values lie nowhere, but those of a run that failed: see runtime.orchestration.http_only. To resume it, unum_map is invoked
again over the stored chunks, with `"Resumed": true`. If unum_map itself was killed, no mapper's value was kept, and all run
again; if partition was, all reducers.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from runtime.encoding import encode
from runtime.orchestration.ending.record import complete, from_response
from scripts.client.aws import objects
from scripts.client.errors import StorageError
from scripts.client.orchestrations import elements, entry
from scripts.client.orchestrations.base import Chunk, Orchestration, Progress, Verdict
from scripts.client.orchestrations.calling import Answer, Call
from scripts.client.stored import checked
from scripts.client.stored.claim import FAILED, RESULT
from scripts.client.stored.return_stores import InBucket

_MARGIN_SECONDS = 30.0
"""After the function's own timeout: to be sure that it has ended."""


class HttpOnly(Orchestration):
    """A run as one long call."""

    service = "lambda"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._call: Call | None = None
        self._ends = float("inf")
        self._verdict: Verdict | None = None

    def start(self, chunks: Sequence[Chunk], *, attended: bool) -> None:
        """Invoke unum_map, and see that Lambda takes it."""
        entry.launch(self.aws, self.run_id, chunks, partial(self._send, attended=attended))

    def resume(self, mappers: int, *, attended: bool) -> list[str]:
        """Invoke unum_map again, which calls what nothing is kept of."""
        elements.read_list(self.aws.store("returns"), self.run_id, mappers)
        kept = InBucket(self.aws, self.run_id)
        unmapped, values = kept.unfinished("mapper", mappers), kept.partition()
        if unmapped or values is None:
            again = checked.run_again("mapper", unmapped, "partition")
        else:
            again = checked.run_again("reducer", kept.unfinished("reducer", len(values)), "summary")
        self._send(entry.relaunch(self.run_id, Resumed=True), attended=attended)
        return again

    def _send(self, payload: bytes, *, attended: bool) -> None:
        if not attended:
            entry.send_off(self.aws, payload)
            return
        function = self.aws.deployment.function(entry.ENTRY)
        answer_seconds = self.aws.deployment.timeout_of(entry.ENTRY) + _MARGIN_SECONDS
        call = Call(self.aws.long_client("lambda", answer_seconds), function, payload)
        call.wait_until_taken()
        if call.error is not None and call.error.certain:
            raise call.error
        self._call, self._ends = call, time.monotonic() + answer_seconds

    def progress(self, mappers: int | None) -> Progress:
        """Unknown: return values travel in responses and lie nowhere."""
        return Progress()

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
        self._record(record)
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
        record = complete(self.run_id, "", {"function": entry.ENTRY, "attempts": 1, **told})
        return record | {"log_group": self.aws.deployment.log_groups.get(record["function"])}

    def _record(self, record: dict[str, Any]) -> None:
        """Store it, unless the run is recorded as failed already or has its result: only what came after that failed then."""
        results = self.aws.store("results")
        with suppress(StorageError):  # the verdict holds all the same
            if not objects.exists(results, f"{self.run_id}/{RESULT}"):
                objects.create(results, f"{self.run_id}/{FAILED}", encode(record))
