"""Signed requests to the services that obstore does not speak: Lambda and DynamoDB.

boto3 would take longer to import than all else that a function imports, at each cold start, and four times the CPU time for each
request. These read the settings that Lambda gives a function, and no others:

    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN             whose requests they are
    AWS_REGION, or AWS_DEFAULT_REGION                                       where the services are
    AWS_ENDPOINT_URL_LAMBDA, AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL    a server instead of AWS's; http is allowed here alone
    AWS_CA_BUNDLE                                                           certificates to trust, instead of the system's

So there is no profile, no proxy, and no role of a container or an instance.

What is throttled, breaks down or gets no answer is sent again after a pause, where it may be. What the service refuses is not,
be it that a condition does not hold, that the token has expired, or that a signature is not of these five minutes: only a new
execution environment has another token and another clock.
"""

import math
import os
import threading
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import TypeVar
from urllib.parse import quote

from runtime.aws.connections import Answer, Connections
from runtime.aws.errors import RefusedError, RequestError
from runtime.aws.signature import Credentials, Signer
from runtime.clock import Clock
from runtime.encoding import parsed
from runtime.retries import Pauses, Retries

ANSWER_SECONDS = 15.0
IDLE_SECONDS = 10.0
"""Between two requests of one invocation it is rarely longer. What has been idle for longer mostly lay in a frozen function,
where nobody learns that the server, or a network in between, has ended the connection. S3's connections are kept as long."""

_PAUSES = Pauses(1.0, 20.0)

_MESSAGE_CHARACTERS = 600

_Made = TypeVar("_Made")
_making = threading.Lock()


class Requests:
    """Signed requests to one service, sent again as long as that may help. `credentials` are asked for at each."""

    def __init__(
        self,
        service: str,
        region: str,
        connections: Connections,
        tries: int,
        credentials: Callable[[], Credentials | None] = Credentials.load,
        clock: Clock | None = None,
    ) -> None:
        self._signer, self._connections, self._tries = Signer(service, region), connections, tries
        self._credentials, self._clock = credentials, clock or Clock()

    def make(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST, and return the answer, whose status is one of success. Raises RequestError."""
        retries = Retries(self._clock, math.inf, _PAUSES, self._tries)
        while True:
            try:
                return self._try(path, headers, body, retries.tries + 1)
            except RequestError as error:
                if not error.transient or not retries.wait():
                    raise

    def _try(self, path: str, headers: Mapping[str, str], body: bytes, attempt: int) -> Answer:
        credentials = self._credentials()
        if credentials is None:
            raise RequestError("there are no credentials: AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set")
        path = self._connections.path + path
        signed = self._signer.signed(path, {"Host": self._connections.host, **headers}, body, credentials)
        answer = self._connections.post(path, signed | _trace(), body)
        if not 200 <= answer.status < 300:
            raise _refused(answer, attempt)
        return answer


def _trace() -> dict[str, str]:
    """What the chain of invocations is known by: Lambda stops endless ones
    (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html). Proxies may change it, so it is not signed.
    """
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    return {"X-Amzn-Trace-Id": quote(trace, safe="-=;:+&[]{}\"',")} if trace else {}


def _refused(answer: Answer, tries: int) -> RefusedError:
    """Lambda names an error in a header, DynamoDB in the body: `com.amazonaws.dynamodb.v20120810#ThrottlingException`."""
    told = parsed(answer.body)
    body = told if isinstance(told, dict) else {}
    code = answer.headers.get("X-Amzn-ErrorType") or body.get("__type") or body.get("code") or answer.status
    message = body.get("message") or body.get("Message") or answer.body.decode(errors="replace")
    first_line = str(message).strip().partition("\n")[0].strip()[:_MESSAGE_CHARACTERS]
    return RefusedError(answer.status, str(code).partition(":")[0].rpartition("#")[2], first_line, tries)


def once(make: Callable[[], _Made]) -> Callable[[], _Made]:
    """Make a client when it is first asked for, and once, whatever number of threads ask: they share its connections."""
    cached = cache(make)

    @wraps(make)
    def get() -> _Made:
        with _making:
            return cached()

    return get


def region() -> str:
    """Where the services are. Raises RequestError: nobody says."""
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise RequestError("there is no region: neither AWS_REGION nor AWS_DEFAULT_REGION is set")
    return region


def endpoint(service: str, region: str) -> str:
    """https://docs.aws.amazon.com/general/latest/gr/rande.html, unless the environment names a server."""
    named = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")
    suffix = ".cn" if region.startswith("cn-") else ""
    return named or f"https://{service}.{region}.amazonaws.com{suffix}"


def connected(
    service: str, answer_seconds: float = ANSWER_SECONDS, idle_seconds: float = IDLE_SECONDS, *, repeatable: bool = True
) -> tuple[Connections, str]:
    """Connections to a service, and its region. Those on which nothing may be sent twice are kept alive. Raises RequestError."""
    name = region()
    connections = Connections(
        endpoint(service, name),
        answer_seconds=answer_seconds,
        idle_seconds=idle_seconds,
        repeatable=repeatable,
        keepalive=not repeatable,
    )
    return connections, name
