"""One synchronous Invoke in the background, answered when the whole run is over.

A request that was sent is never sent again: its function may run, and for long. What Lambda did not take (no connection,
throttled) is tried again, with growing pauses. A connection may break while the function runs on; then nothing is known until the
function's own timeout has passed.
"""

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from runtime.clock import Clock
from runtime.retries import Pauses, Retries
from scripts.client.errors import StartError
from scripts.client.orchestrations.base import starting

_SEND_SECONDS = 20.0
"""How long to try to be taken."""

_REFUSAL_SECONDS = 2.0
"""A request that is out for that long was taken: a refusal comes at once."""

_PAUSES = Pauses(0.2, 5.0)


@dataclass(frozen=True)
class Answer:
    """What the function answered.

    Attributes:
        failed: the function ended with an error (`FunctionError`); the value then is Lambda's description of it.
        value: JSON; None if there was none.
        request_id: of the invocation.
    """

    failed: bool
    value: Any
    request_id: str | None


class Call(threading.Thread):
    """An invocation under way, begun by its construction.

    Attributes:
        answer: once it came.
        error: once it is known that none will come; `error.certain` if the function was not invoked.
    """

    def __init__(self, client: Any, function: str, payload: bytes) -> None:
        super().__init__(name=f"call {function}", daemon=True)
        self._client, self._function, self._payload = client, function, payload
        self._out_since: float | None = None
        self.answer: Answer | None = None
        self.error: StartError | None = None
        self.start()

    def wait_until_taken(self) -> None:
        """Return once Lambda has taken the request, or the call has ended: then `error` tells whether it was refused.

        A run that ends early costs nothing here: its answer ends the waiting.
        """
        while self.is_alive():
            since = self._out_since
            if since is not None and time.monotonic() - since > _REFUSAL_SECONDS:
                return
            self.join(0.02)

    def run(self) -> None:
        """What the thread does: send until the request is taken."""
        clock = Clock()
        retries = Retries(clock, clock.monotonic() + _SEND_SECONDS, _PAUSES)
        try:
            while self.answer is None and self.error is None:
                self._out_since = time.monotonic()
                try:
                    self.answer = self._send()
                except StartError as error:
                    self._out_since = None
                    if not _was_not_taken(error) or not retries.wait():
                        self.error = error
        except Exception as error:  # a thread has nobody else to tell, and who waits must not wait for ever
            self.error = StartError(f"invoking {self._function} failed: {error!r}", certain=False)

    def _send(self) -> Answer:
        with starting(f"invoking {self._function}"):
            answer = self._client.invoke(FunctionName=self._function, InvocationType="RequestResponse", Payload=self._payload)
        try:
            body = answer["Payload"].read()
        except Exception as error:
            raise StartError(f"{self._function} was invoked, its answer broke off: {error}", certain=False) from error
        value = None
        with suppress(ValueError):
            value = json.loads(body or b"null")
        return Answer("FunctionError" in answer, value, answer.get("ResponseMetadata", {}).get("RequestId"))


def _was_not_taken(error: StartError) -> bool:
    """Whether the request never began, for a reason that passes."""
    from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

    match error.__cause__:
        case ClientError(response={"ResponseMetadata": {"HTTPStatusCode": 429}}):
            return error.certain
        case ConnectTimeoutError() | EndpointConnectionError():
            return error.certain
    return False
