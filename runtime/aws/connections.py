"""HTTP connections to one service, kept alive for the next request and shared by threads.

A server closes a connection that nobody uses for a while, and a request that is sent at that moment is lost without a word: it is
not known whether it was taken. So one that has been idle for long, or was closed already, is not used again. Where a kept one
gives no answer, the others that are kept are likely dead as well, as after the freeze of a function: all are dropped, and what
may be sent twice is sent at once over a new one.
"""

import http.client
import os
import select
import socket
import ssl
import threading
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

from runtime.aws.errors import RequestError, TransportError
from runtime.clock import Clock

CONNECTIONS = 64
"""That are kept, at most; threads beyond it open connections of their own."""

CONNECT_SECONDS = 5.0
_KEEPALIVE_SECONDS = 60
"""Less than the 350 s after which a NAT gateway forgets an idle connection
(https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html#nat-gateway-troubleshooting-timeout)."""

_PROBES, _PROBE_SECONDS = 6, 10
"""How often, and how far apart, a network that is silent is asked before the connection counts as cut: two minutes in all."""


class Answer(NamedTuple):
    """A whole answer. Names of headers don't depend on case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """POST requests to one endpoint. Safe to share between threads.

    Args:
        url: `https://host[:port][/path]`, or http for a server of one's own.
        answer_seconds: how long the service may be silent.
        idle_seconds: for how long a connection is kept that nobody uses.
        repeatable: whether every request may be sent twice.
        keepalive: whether the network is told in the meantime that somebody waits.
        connect_seconds: how long one of the host's addresses may take to answer.
        clock: what tells how long a connection has been idle.

    Raises:
        ValueError: the URL is none.
        RequestError: there are no certificates in the file that AWS_CA_BUNDLE names.
    """

    def __init__(
        self,
        url: str,
        *,
        answer_seconds: float,
        idle_seconds: float,
        repeatable: bool,
        keepalive: bool = False,
        connect_seconds: float = CONNECT_SECONDS,
        most_kept: int = CONNECTIONS,
        clock: Clock | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an endpoint like https://host: {url!r}")
        self._secure, self._name, self._port = parts.scheme == "https", parts.hostname, parts.port
        name = f"[{self._name}]" if ":" in self._name else self._name
        self.host = name if self._port in (None, 443 if self._secure else 80) else f"{name}:{self._port}"
        self.path = parts.path.rstrip("/")
        self._answer_seconds, self._idle_seconds, self._connect_seconds = answer_seconds, idle_seconds, connect_seconds
        self._repeatable, self._keepalive, self._clock = repeatable, keepalive, clock or Clock()
        self._most_kept = most_kept
        self._context = _tls() if self._secure else None
        self._kept: list[tuple[http.client.HTTPConnection, float]] = []
        self._lock = threading.Lock()

    def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request and read the whole answer, whatever its status. Raises TransportError."""
        kept = self._take()
        if kept is not None:
            try:
                return self._exchange(kept, path, headers, body)
            except TransportError as error:
                # Without a byte of an answer, the connection had most likely ended before.
                dead = isinstance(error.cause, OSError) and not error.answer_begun
                if dead:
                    self.close()
                if not (dead and self._repeatable):
                    raise
        return self._exchange(self._open(), path, headers, body)

    def close(self) -> None:
        """Close what is kept."""
        with self._lock:
            kept, self._kept = self._kept, []
        for connection, _ in kept:
            connection.close()

    def _open(self) -> http.client.HTTPConnection:
        if self._secure:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._name, self._port, timeout=self._connect_seconds, context=self._context
            )
        else:
            connection = http.client.HTTPConnection(self._name, self._port, timeout=self._connect_seconds)
        try:
            connection.connect()
            connection.sock.settimeout(self._answer_seconds)
            if self._keepalive:
                _keep_alive(connection.sock)
        except OSError as error:
            connection.close()
            raise TransportError(error, sent=False) from error
        return connection

    def _exchange(self, connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        sent = begun = whole = False
        try:
            try:
                connection.request("POST", path, body, headers)
                sent = True
            except BrokenPipeError:
                # The service may have answered before it had read all of it: that it is too much, for instance.
                pass
            response = connection.getresponse()
            begun = True
            answer = Answer(response.status, response.headers, response.read())  # type: ignore[arg-type]
            whole = sent
        except (OSError, http.client.HTTPException) as error:
            raise TransportError(error, sent or begun, begun) from error
        finally:
            if not whole:
                connection.close()
        self._keep(connection)
        return answer

    def _take(self) -> http.client.HTTPConnection | None:
        """The connection that was used last, if it can be used still."""
        while True:
            with self._lock:
                if not self._kept:
                    return None
                connection, since = self._kept.pop()
            # By the clock on the wall: no other is sure to go on while Lambda has the function frozen.
            if 0 <= self._clock.time() - since <= self._idle_seconds and _is_silent(connection.sock):
                return connection
            connection.close()

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        if connection.sock is None:
            return  # the server said that it closes it
        with self._lock:
            if len(self._kept) < self._most_kept:
                self._kept.append((connection, self._clock.time()))
                return
        connection.close()


def _is_silent(sock: socket.socket) -> bool:
    """Whether nothing has come: before a request, that can only be the connection's end."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return not poll.poll(0)


def _keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):  # Linux; its default is two hours
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _PROBE_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)


@cache
def _tls() -> ssl.SSLContext:
    """What all connections trust: reading the system's certificates, some 140, takes 20 ms of CPU time or more."""
    bundle = os.environ.get("AWS_CA_BUNDLE") or None
    try:
        return ssl.create_default_context(cafile=bundle)
    except OSError as error:
        raise RequestError(f"AWS_CA_BUNDLE: no certificates can be read from {bundle!r}: {error}") from error
