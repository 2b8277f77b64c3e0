"""Invoking the deployment's own functions over HTTP: Lambda's Invoke, asynchronous or not."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from runtime.aws.connections import Connections
from runtime.aws.errors import AnswerLost, FunctionFailed, InvokeError, RefusedError, RequestError, TransportError
from runtime.aws.requests import Requests, connected, once
from runtime.clock import Clock
from runtime.encoding import encode
from runtime.retries import Pauses, Retries
from runtime.run import current_run

_LONGEST_ANSWER_SECONDS = 910.0
"""More than any function may run."""

_SURELY_OPEN_SECONDS = 2.0
"""No server closes a connection that soon."""

_INVOKE_TRIES = 8
_PAUSES = Pauses(0.1, 5.0)
_NOT_TAKEN = ("TooManyRequestsException", "ServiceException", "ThrottlingException", "EC2ThrottledException")
"""Errors of Invoke before the function began (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html)."""


class Invoked(NamedTuple):
    """Lambda's answer to an invocation: the function's, or, if it `failed`, the description of its error."""

    body: bytes
    failed: bool = False


class LambdaClient:
    """Lambda. Safe to share between threads.

    Args:
        connections: to Lambda's endpoint.
        tries: how often an invocation is sent that may not have been taken; 1 where it must not be sent twice.
    """

    def __init__(self, connections: Connections, region: str, tries: int = 1, clock: Clock | None = None) -> None:
        self._requests = Requests("lambda", region, connections, tries, clock=clock)

    def invoke(self, name: str, payload: bytes, kind: str = "RequestResponse") -> Invoked:
        """Invoke a function by its name or ARN; `kind` is `Event` or `RequestResponse`. Raises RequestError."""
        path = f"/2015-03-31/functions/{quote(name, safe='')}/invocations"
        headers = {"Content-Type": "application/json", "X-Amz-Invocation-Type": kind}
        answer = self._requests.make(path, headers, payload)
        return Invoked(answer.body, "X-Amz-Function-Error" in answer.headers)


@once
def lambda_client() -> LambdaClient:
    """Lambda, for asynchronous invocations: answers are quick, and a repeated request is harmless. Raises RequestError."""
    return LambdaClient(*connected("lambda"), _INVOKE_TRIES)


@once
def patient_lambda_client() -> LambdaClient:
    """Lambda, for synchronous invocations: waits as long as a function may run, and sends nothing twice by itself.

    A connection that the server may have closed is not used again, since its end would look like that of an invocation.
    Raises RequestError.
    """
    return LambdaClient(*connected("lambda", _LONGEST_ANSWER_SECONDS, _SURELY_OPEN_SECONDS, repeatable=False))


class Lambda:
    """Invocations of functions by their names. Safe to share between threads.

    Args:
        clock: what tells when it is too late to try again.
        client: gives the client for asynchronous invocations.
        patient_client: gives the client for synchronous ones.
    """

    def __init__(
        self,
        clock: Clock,
        client: Callable[[], Any] = lambda_client,
        patient_client: Callable[[], Any] = patient_lambda_client,
    ) -> None:
        self._clock, self._client, self._patient_client = clock, client, patient_client

    def invoke_async(self, name: str, payload: Mapping[str, Any]) -> None:
        """Put an event into a function's queue; Lambda delivers it at least once. Raises InvokeError: Lambda didn't take it."""
        current_run().requests["lambda.Invoke"] += 1
        try:
            self._client().invoke(name, encode(payload), "Event")
        except RequestError as error:
            raise InvokeError(f"lambda:InvokeFunction on {name} failed: {error}") from error

    def invoke_sync(self, name: str, payload: Mapping[str, Any], deadline: float) -> Any:
        """Invoke a function and return its answer.

        What was not taken (throttled, no connection) is tried again until `deadline`, seconds since the epoch. What may have been
        taken is not sent again here: only the caller knows whether the function may run twice.

        Raises:
            FunctionFailed: the function ended with an error.
            AnswerLost: the connection broke while the function ran, or somebody on the way had no answer.
            InvokeError: it was refused, or not taken in time.
        """
        retries = Retries(self._clock, self._clock.monotonic() + deadline - self._clock.time(), _PAUSES)
        while True:
            current_run().requests["lambda.Invoke"] += 1
            try:
                answer = self._patient_client().invoke(name, encode(payload))
            except TransportError as error:
                if error.sent:
                    raise AnswerLost(f"{name} was invoked, but gave no answer: {error.reason}") from error
                cause: RequestError = error
            except RefusedError as error:
                if error.code not in _NOT_TAKEN:
                    # Such as 504, of which nobody knows whether the function runs.
                    kind = AnswerLost if error.transient else InvokeError
                    raise kind(f"lambda:InvokeFunction on {name} failed: {error}") from error
                cause = error
            except RequestError as error:
                raise InvokeError(f"lambda:InvokeFunction on {name} failed: {error}") from error
            else:
                value = json.loads(answer.body or b"null")
                if answer.failed:
                    raise FunctionFailed(name, value)
                return value
            if not retries.wait():
                raise InvokeError(f"lambda:InvokeFunction on {name} was not taken in time: {cause}") from cause
