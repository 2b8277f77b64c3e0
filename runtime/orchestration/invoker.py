"""Invoking the deployment's own functions over HTTP: Lambda's Invoke, asynchronous or not.

InvokeError            Lambda did not take the invocation
├── AnswerLost         it may have taken it, but its answer did not come
└── FunctionFailed     the function ran and failed: error type, message, last frames, request id
"""

import json
import random
import time
from collections.abc import Mapping
from typing import Any

from runtime.mapreduce.run import current_run
from runtime.orchestration.clients import RefusedError, lambda_client, patient_lambda_client
from runtime.orchestration.connections import RequestError, TransportError
from runtime.orchestration.envelope import encode

_FIRST_PAUSE_SECONDS = 0.1
_LAST_PAUSE_SECONDS = 5.0
_NOT_TAKEN = ("TooManyRequestsException", "ServiceException", "ThrottlingException", "EC2ThrottledException")
"""Errors of Invoke before the function began (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html)."""


class InvokeError(Exception):
    """Lambda refused an invocation after all retries, or did not answer; names the function and the cause."""


class AnswerLost(InvokeError):
    """The invocation may have been taken, and the function may still run: the connection broke, or was silent for too long."""


class FunctionFailed(InvokeError):
    """The invoked function ended with an error. `response` is Lambda's: errorType, errorMessage, stackTrace, requestId."""

    def __init__(self, name: str, response: Any) -> None:
        super().__init__(name, response)
        self.response: dict[str, Any] = response if isinstance(response, dict) else {"errorMessage": str(response)}

    def __str__(self) -> str:
        return f"{self.args[0]} failed: {self.response.get('errorType')}: {self.response.get('errorMessage')}"


def invoke_async(name: str, payload: Mapping[str, Any]) -> None:
    """Put an event into a function's queue; Lambda delivers it at least once.

    Raises:
        InvokeError: Lambda didn't take it.
    """
    current_run().requests["lambda.Invoke"] += 1
    try:
        lambda_client().invoke(name, encode(payload), "Event")
    except RequestError as error:
        raise InvokeError(f"lambda:InvokeFunction on {name} failed: {error}") from error


def invoke_sync(name: str, payload: Mapping[str, Any], deadline: float) -> Any:
    """Invoke a function and return its answer.

    What was not taken (throttled, no connection) is tried again until `deadline`, seconds since the epoch. What may have been
    taken is not sent again here: only the caller knows whether the function may run twice.

    Raises:
        FunctionFailed: the function ended with an error.
        AnswerLost: the connection broke while the function ran, or somebody on the way had no answer.
        InvokeError: it was refused, or not taken in time.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        current_run().requests["lambda.Invoke"] += 1
        try:
            answer = patient_lambda_client().invoke(name, encode(payload))
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
        # Full jitter: a fan-out that is throttled comes back spread out.
        wait = random.uniform(0, pause)  # noqa: S311
        if time.time() + wait >= deadline:
            raise InvokeError(f"lambda:InvokeFunction on {name} was not taken in time: {cause}") from cause
        time.sleep(wait)
        pause = min(pause * 2, _LAST_PAUSE_SECONDS)
