"""S3's request rate before the embedded AWS, which has none: a bucket takes so many PUTs a second, and answers 503 to the others.

Control page of the proxy: `/_request_rate/{bucket}`. PUT with the rate as body begins, GET tells, DELETE ends and tells::

    {"taken": 7200, "refused": 310, "while_busy": 0.97}

`while_busy`: which part of the rate was used between the first and the last refusal, when more was asked for than S3 takes.
"""

import json
import time
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.fakes.request_rate import TokenBucket

PAGE = "/_request_rate/"
_SLOW_DOWN = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Limit:
    """One bucket's."""

    rate: float
    taken: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._began = time.monotonic()
        # A busy machine lets requests wait and come all at once: what was left unused for a second may be used then.
        self._tokens = TokenBucket(self.rate, burst=self.rate)

    def take(self) -> bool:
        """Whether S3 has time for one more PUT."""
        now = time.monotonic() - self._began
        taken = self._tokens.take(now)
        (self.taken if taken else self.refused).append(now)
        return taken

    def told(self) -> dict[str, Any]:
        """The figures so far."""
        share = None
        if len(self.refused) > 1:
            first, last = self.refused[0], self.refused[-1]
            share = sum(first <= time <= last for time in self.taken) / (self.rate * (last - first))
        return {"taken": len(self.taken), "refused": len(self.refused), "while_busy": share}


class Limits:
    """Stands before a proxy's handler of requests."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._limits: dict[str, Limit] = {}

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer a control page or 503, or pass the request on."""
        path = request.rel_url.raw_path
        if path.startswith(PAGE):
            return await self._control(request, path.removeprefix(PAGE))
        limit = self._limits.get(path.split("/")[1]) if request.method == "PUT" else None
        if limit is not None and not limit.take():
            await request.read()
            return web.Response(status=503, text=_SLOW_DOWN, content_type="application/xml")
        return await self._handler(request)

    async def _control(self, request: web.Request, bucket: str) -> web.Response:
        if request.method == "PUT":
            self._limits[bucket] = Limit(float(await request.text()))
        limit = self._limits[bucket]
        if request.method == "DELETE":
            del self._limits[bucket]
        return web.json_response(limit.told())


def ask(endpoint_url: str, method: str, bucket: str, rate: float | None = None) -> dict[str, Any]:
    """One request to the control page."""
    body = None if rate is None else str(rate).encode()
    request = urllib.request.Request(f"{endpoint_url}{PAGE}{bucket}", body, method=method)  # noqa: S310
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
        told: dict[str, Any] = json.loads(response.read())
    return told
