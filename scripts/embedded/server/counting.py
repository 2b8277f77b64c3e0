"""The server's own pages: how many requests it served, by service and operation, and how many functions it ran.

    GET  /_embedded/status          {"token": str, "pid": int}
    GET  /_embedded/requests        {"token": str, "since": Unix time, "total": HTTP requests,
                                     "counts": {"s3.PutObject": n, ..., "lambda.invocations": n},
                                     "functions": {function name: invocations}}
    POST /_embedded/requests/reset  the same, and starts again from nothing
    POST /_embedded/deliveries/2    {"token": str, "deliveries": 2}: each event twice from now on, see `deliveries`

"lambda.invocations" counts where the emulator runs a function, whoever caused it: an Invoke, S3, Step Functions, a
stream, a retry. Those hops are not HTTP requests here, and not in "total". Requests for these pages are not counted.
"""

import json
import os
import sys
import threading
import time
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from scripts.embedded.server.classify import FORM, form_operation, operation
from scripts.embedded.server.deliveries import Deliveries

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

_PAGES = "/_embedded/"
_DELIVERIES = f"{_PAGES}deliveries/"


class Counter:
    """Thread-safe tallies: requests come from the event loop, invocations from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._start()

    def _start(self) -> None:
        self._since = time.time()
        self._requests: Tally[str] = Tally()
        self._events: Tally[str] = Tally()
        self._functions: Tally[str] = Tally()

    def request(self, name: str) -> None:
        """Count one HTTP request, e.g. "s3.PutObject"."""
        with self._lock:
            self._requests[name] += 1

    def event(self, name: str) -> None:
        """Count something that is no request, e.g. "lambda.throttles"."""
        with self._lock:
            self._events[name] += 1

    def invocation(self, function: str) -> None:
        """Count one run of a function."""
        with self._lock:
            self._events["lambda.invocations"] += 1
            self._functions[function] += 1

    def report(self, *, reset: bool = False) -> dict[str, Any]:
        """The page described in the module's docstring, without the token."""
        with self._lock:
            page = {
                "since": self._since,
                "total": self._requests.total(),
                "counts": dict(self._requests + self._events),
                "functions": dict(self._functions),
            }
            if reset:
                self._start()
            return page


class CountingApp:
    """ASGI wrapper: counts each HTTP request before the application sees it, and serves the pages above."""

    def __init__(self, application: Application, counter: Counter, deliveries: Deliveries, token: str) -> None:
        self._application = application
        self._counter = counter
        self._deliveries = deliveries
        self._token = token

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
        elif scope["path"].startswith(_PAGES):
            await self._page(scope["method"], scope["path"], send)
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        """Let the application answer, and write to the log when its answer is an error of its own, or is not complete.

        A client sends such a request again, and is then told that what it makes exists already.
        """
        status, complete = 0, False

        async def watched(message: Message) -> None:
            nonlocal status, complete
            await send(message)
            status = message.get("status", status)
            complete = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self._application(scope, self._count(scope, receive), watched)
        finally:
            if status >= 500 or not complete:
                told = f"answered {status}" if complete else f"did not get its whole answer, which began with {status}"
                print(f"{scope['method']} {scope['path']} {told}", file=sys.stderr, flush=True)

    def _count(self, scope: Message, receive: Receive) -> Receive:
        """Count the request; one that names its operation in a form body only when that body arrives."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = scope.get("query_string", b"").decode("latin-1")
        name = operation(scope["method"], scope["path"], query, headers)
        if not name.endswith(FORM):
            self._counter.request(name)
            return receive
        seen = False

        async def receive_form() -> Message:
            nonlocal seen
            message = await receive()
            if not seen:
                seen = True
                self._counter.request(form_operation(name, message.get("body", b"")))
            return message

        return receive_form

    async def _page(self, method: str, path: str, send: Send) -> None:
        body: dict[str, Any] | None = None
        if (method, path) == ("GET", "/_embedded/status"):
            body = {"pid": os.getpid()}
        elif (method, path) == ("GET", "/_embedded/requests"):
            body = self._counter.report()
        elif (method, path) == ("POST", "/_embedded/requests/reset"):
            body = self._counter.report(reset=True)
        elif method == "POST" and self._deliveries.set(path.removeprefix(_DELIVERIES)):
            body = {"deliveries": self._deliveries.times}
        answer = {"token": self._token, **(body if body is not None else {"error": "no such page"})}
        await send(
            {
                "type": "http.response.start",
                "status": 404 if body is None else 200,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})
