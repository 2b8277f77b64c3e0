"""Clients of Lambda, Step Functions and DynamoDB for an endpoint of this machine, which answer as boto3's do.

boto3 takes a third of a second of CPU time to import and to read its models, more than all else that the client does. On an
account it stays: it knows the user's profiles, proxies and ways to sign in. The embedded AWS has none of them. What is here is
what the client calls of boto3, under the same names: operations with keyword arguments, `get_paginator`, `exceptions`, and the
errors of boto3, which are imported when one is raised.
"""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

from runtime.aws.connections import Answer, Connections
from runtime.aws.errors import RefusedError, RequestError, TransportError
from runtime.aws.requests import Requests
from runtime.aws.signature import Credentials
from runtime.encoding import encode

_SIGNED_AS = {"stepfunctions": "states"}
_TARGETS = {"stepfunctions": "AWSStepFunctions", "dynamodb": "DynamoDB_20120810"}
_IDLE_SECONDS = 10.0
_TRIES = 4
_CREDENTIALS = Credentials("test", "test")


class LocalClient:
    """One service. Safe to share between threads.

    Args:
        service: "lambda", "stepfunctions" or "dynamodb".
        url: of the emulator.
        region: that it stands for.
        answer_seconds: how long the service may be silent.
        once: whether no request may be sent twice.
    """

    def __init__(self, service: str, url: str, region: str, answer_seconds: float, *, once: bool = False) -> None:
        connections = Connections(
            url, answer_seconds=answer_seconds, idle_seconds=_IDLE_SECONDS, repeatable=not once, keepalive=once
        )
        signed_as = _SIGNED_AS.get(service, service)
        self._requests = Requests(signed_as, region, connections, 1 if once else _TRIES, lambda: _CREDENTIALS)
        self._service, self._url = service, url
        self.exceptions = _Exceptions()

    def __getattr__(self, operation: str) -> Any:
        if self._service not in _TARGETS or operation.startswith("_"):
            raise AttributeError(operation)
        return partial(self._call, "".join(part.title() for part in operation.split("_")))

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        """Lambda's Invoke; the payload of the answer can be read once, as boto3's."""
        path = f"/2015-03-31/functions/{quote(FunctionName, safe='')}/invocations"
        headers = {"Content-Type": "application/json", "X-Amz-Invocation-Type": InvocationType}
        answer = self._make("Invoke", path, headers, Payload)
        told = {"StatusCode": answer.status, "Payload": io.BytesIO(answer.body)}
        if "X-Amz-Function-Error" in answer.headers:
            told["FunctionError"] = answer.headers["X-Amz-Function-Error"]
        return told | {"ResponseMetadata": {"RequestId": answer.headers.get("x-amzn-RequestId")}}

    def get_paginator(self, operation: str) -> "_Paginator":
        """Pages of a listing of Step Functions."""
        return _Paginator(getattr(self, operation))

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"{_TARGETS[self._service]}.{operation}"}
        answer = self._make(operation, "/", headers, encode(arguments))
        value: dict[str, Any] = json.loads(answer.body or b"{}")
        # Step Functions tells times as seconds; items of a table have names of their own.
        return _with_dates(value) if self._service == "stepfunctions" else value

    def _make(self, operation: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        try:
            return self._requests.make(path, headers, body)
        except RequestError as error:
            from botocore.exceptions import EndpointConnectionError, HTTPClientError

            if isinstance(error, RefusedError):
                status, code = {"HTTPStatusCode": error.status}, {"Code": error.code, "Message": error.message}
                raise getattr(self.exceptions, error.code)({"Error": code, "ResponseMetadata": status}, operation) from error
            if isinstance(error, TransportError) and not error.sent:
                raise EndpointConnectionError(endpoint_url=self._url, error=error) from error
            raise HTTPClientError(error=error) from error


class _Exceptions:
    """An error class for each code, as boto3's `client.exceptions`."""

    def __getattr__(self, code: str) -> Any:
        from botocore.exceptions import ClientError

        if code.startswith("_"):
            raise AttributeError(code)
        made = ClientError if code == "ClientError" else type(code, (ClientError,), {})
        return self.__dict__.setdefault(code, made)  # the same one for all who ask: it is compared with what is raised


class _Paginator:
    def __init__(self, operation: Any) -> None:
        self._operation = operation

    def paginate(self, *, PaginationConfig: dict[str, int], **arguments: Any) -> Iterator[dict[str, Any]]:
        more = {"maxResults": PaginationConfig["PageSize"]}
        while True:
            page = self._operation(**arguments, **more)
            yield page
            if not page.get("nextToken"):
                return
            more["nextToken"] = page["nextToken"]


def _with_dates(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _with_dates(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_dates(inner) for inner in value]
    if isinstance(value, int | float) and (name == "timestamp" or name.endswith("Date")):
        return datetime.fromtimestamp(value, UTC)
    return value
