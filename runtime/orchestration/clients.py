"""Clients of the services that obstore does not speak: Lambda, to invoke functions, and DynamoDB.

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

import json
import os
import random
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from runtime.orchestration.connections import Answer, Connections, RequestError
from runtime.orchestration.envelope import encode
from runtime.orchestration.signature import Credentials, Signer

_ANSWER_SECONDS = 15.0
_LONGEST_ANSWER_SECONDS = 910.0
"""More than any function may run."""

_IDLE_SECONDS = 10.0
"""Between two requests of one invocation it is rarely longer. What has been idle for longer mostly lay in a frozen function,
where nobody learns that the server, or a network in between, has ended the connection. S3's connections are kept as long."""

_SURELY_OPEN_SECONDS = 2.0
"""No server closes a connection that soon."""

_INVOKE_TRIES = 8
_ITEM_TRIES = 10
_FIRST_PAUSE_SECONDS = 1.0
_LAST_PAUSE_SECONDS = 20.0

_THROTTLED = frozenset(
    {
        "EC2ThrottledException",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"""

_MESSAGE_CHARACTERS = 600

_Made = TypeVar("_Made")
_making = threading.Lock()


class RefusedError(RequestError):
    """The service answered with an error.

    Attributes:
        status: of HTTP.
        code: the error's name, such as `AccessDeniedException`; the status as text if it has none.
        message: the service's own words, their first line alone: the others may quote the request with its token.
        tries: how often the request was sent.
    """

    def __init__(self, status: int, code: str, message: str, tries: int = 1) -> None:
        super().__init__(status, code, message, tries)
        self.status, self.code, self.message, self.tries = status, code, message, tries
        self.transient = status >= 500 or status == 429 or code in _THROTTLED

    def __str__(self) -> str:
        tries = f", {self.tries} times" if self.tries > 1 else ""
        return f"{self.code} ({self.status}{tries}): {self.message}"


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

    def __init__(self, connections: Connections, region: str, tries: int = 1) -> None:
        self._requests = Requests("lambda", region, connections, tries)

    def invoke(self, name: str, payload: bytes, kind: str = "RequestResponse") -> Invoked:
        """Invoke a function by its name or ARN; `kind` is `Event` or `RequestResponse`. Raises RequestError."""
        path = f"/2015-03-31/functions/{quote(name, safe='')}/invocations"
        headers = {"Content-Type": "application/json", "X-Amz-Invocation-Type": kind}
        answer = self._requests.make(path, headers, payload)
        return Invoked(answer.body, "X-Amz-Function-Error" in answer.headers)


class DynamoDBClient:
    """DynamoDB. Safe to share between threads; every request may be sent twice."""

    def __init__(self, connections: Connections, region: str, tries: int = _ITEM_TRIES) -> None:
        self._requests = Requests("dynamodb", region, connections, tries)

    def request(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Make a request of DynamoDB's API, `request("GetItem", {"TableName": ..., "Key": ...})`. Raises RequestError."""
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"DynamoDB_20120810.{operation}"}
        answer = self._requests.make("/", headers, encode(arguments))
        try:
            value: dict[str, Any] = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise RequestError(f"the answer is no JSON: {error}") from error
        return value


class Requests:
    """Signed requests to one service, sent again as long as that may help. `credentials` are asked for at each."""

    def __init__(
        self,
        service: str,
        region: str,
        connections: Connections,
        tries: int,
        credentials: Callable[[], Credentials | None] = Credentials.load,
    ) -> None:
        self._signer, self._connections, self._tries = Signer(service, region), connections, tries
        self._credentials = credentials

    def make(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST, and return the answer, whose status is one of success. Raises RequestError."""
        pause = _FIRST_PAUSE_SECONDS
        for attempt in range(1, self._tries + 1):
            try:
                return self._try(path, headers, body, attempt)
            except RequestError as error:
                if not error.transient or attempt == self._tries:
                    raise
            # Full jitter: a fan-out that is throttled comes back spread out.
            time.sleep(random.uniform(0, pause))  # noqa: S311
            pause = min(pause * 2, _LAST_PAUSE_SECONDS)
        raise ValueError("tries must be 1 or more")

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
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = {}
    if not isinstance(body, dict):
        body = {}
    code = answer.headers.get("X-Amzn-ErrorType") or body.get("__type") or body.get("code") or answer.status
    message = body.get("message") or body.get("Message") or answer.body.decode(errors="replace")
    first_line = str(message).strip().partition("\n")[0].strip()[:_MESSAGE_CHARACTERS]
    return RefusedError(answer.status, str(code).partition(":")[0].rpartition("#")[2], first_line, tries)


def _once(make: Callable[[], _Made]) -> Callable[[], _Made]:
    """Make a client when it is first asked for, and once, whatever number of threads ask: they share its connections."""
    cached = cache(make)

    @wraps(make)
    def get() -> _Made:
        with _making:
            return cached()

    return get


@_once
def lambda_client() -> LambdaClient:
    """Lambda, for asynchronous invocations: answers are quick, and a repeated request is harmless. Raises RequestError."""
    region = _region()
    connections = Connections(
        _endpoint("lambda", region), answer_seconds=_ANSWER_SECONDS, idle_seconds=_IDLE_SECONDS, repeatable=True
    )
    return LambdaClient(connections, region, _INVOKE_TRIES)


@_once
def patient_lambda_client() -> LambdaClient:
    """Lambda, for synchronous invocations: waits as long as a function may run, and sends nothing twice by itself.

    A connection that the server may have closed is not used again, since its end would look like that of an invocation.
    Raises RequestError.
    """
    region = _region()
    connections = Connections(
        _endpoint("lambda", region),
        answer_seconds=_LONGEST_ANSWER_SECONDS,
        idle_seconds=_SURELY_OPEN_SECONDS,
        repeatable=False,
        keepalive=True,
    )
    return LambdaClient(connections, region)


@_once
def dynamodb_client() -> DynamoDBClient:
    """DynamoDB; every write of ours may be repeated. Raises RequestError."""
    region = _region()
    connections = Connections(
        _endpoint("dynamodb", region), answer_seconds=_ANSWER_SECONDS, idle_seconds=_IDLE_SECONDS, repeatable=True
    )
    return DynamoDBClient(connections, region)


def _region() -> str:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if not region:
        raise RequestError("there is no region: neither AWS_REGION nor AWS_DEFAULT_REGION is set")
    return region


def _endpoint(service: str, region: str) -> str:
    """https://docs.aws.amazon.com/general/latest/gr/rande.html, unless the environment names a server."""
    named = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")
    suffix = ".cn" if region.startswith("cn-") else ""
    return named or f"https://{service}.{region}.amazonaws.com{suffix}"
