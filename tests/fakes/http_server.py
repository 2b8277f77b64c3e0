"""An HTTP server on loopback that does with each request what a test says, byte for byte."""

import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What the server sends for one request.

    Attributes:
        closes: whether it then closes the connection, without a word.
        resets: whether it then does so in the middle of what it had to say.
        silent: whether it waits until the server ends, before all that.
    """

    raw: bytes
    closes: bool = False
    resets: bool = False
    silent: bool = False


@dataclass
class Request:
    """One that came: on which connection, counted from 1, and its headers, with names in lower case."""

    connection: int
    line: str
    headers: dict[str, str]
    body: bytes


LOST = Reply(b"", closes=True)
"""The request is read, and the connection closed."""

SILENT = Reply(b"", silent=True)
"""Nothing comes until the server ends."""


def reply(status: int = 200, body: bytes = b"{}", closes: bool = False, **headers: str) -> Reply:
    """A common answer; `X_Amz_Function_Error="Unhandled"` is a header."""
    lines = [f"HTTP/1.1 {status} Something", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return Reply("\r\n".join([*lines, "", ""]).encode() + body, closes)


def chunked(*chunks: bytes) -> Reply:
    """An answer whose length is not known beforehand."""
    parts = [f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in (*chunks, b"")]
    return Reply(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(parts))


@dataclass
class Server:
    """Gives one reply after the other, to whatever connection asks, and the last one for ever.

    Attributes:
        tls: its certificate, or None for HTTP without TLS.
        requests: all that came, in order.
        connections: how many were opened.
        closed: set once the server has closed one.
    """

    replies: list[Reply]
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> "Server":
        self._lock, self._ended, self._sockets = threading.Lock(), threading.Event(), list[socket.socket]()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for opened in self._sockets:
            try:
                opened.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed already
        for thread in self._threads[1:]:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                opened, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(opened)
            self._threads.append(threading.Thread(target=self._serve, args=(opened, self.connections)))
            self._threads[-1].start()

    def _serve(self, opened: socket.socket, number: int) -> None:
        try:
            opened = self.tls.wrap_socket(opened, server_side=True) if self.tls else opened
        except OSError:
            return  # the client doesn't trust it
        with opened, opened.makefile("rb") as reader:
            while (request := _read(reader, number)) is not None:
                with self._lock:
                    self.requests.append(request)
                    made = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                if made.silent:
                    self._ended.wait()
                try:
                    opened.sendall(made.raw)
                except OSError:
                    break  # the client has given up
                if made.resets:
                    opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if made.closes or made.resets:
                    break
        self.closed.set()


def _read(reader: Any, number: int) -> Request | None:
    try:
        line = reader.readline()
        if not line:
            return None
        headers: dict[str, str] = {}
        while (header := reader.readline().strip()) != b"":
            name, _, value = header.decode().partition(":")
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", 0)))
    except OSError:
        return None
    return Request(number, line.decode().strip(), headers, body)
