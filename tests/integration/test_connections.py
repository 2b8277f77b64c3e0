"""connections: kept for the next request, replaced when the server has closed them, and what an error says of a request."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from runtime.aws.connections import Connections
from runtime.aws.errors import TransportError
from tests.fakes.clock import FakeTime
from tests.fakes.http_server import LOST, SILENT, Reply, Server, chunked, reply

CUT = Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{", closes=True)
Serve = Callable[..., tuple[Server, Connections]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server with these replies, and opens connections to it with these options."""
    with ExitStack() as stack:

        def start(*replies: Reply, **options: Any) -> tuple[Server, Connections]:
            server = stack.enter_context(Server(list(replies)))
            options = {"answer_seconds": 20.0, "idle_seconds": 60.0, "repeatable": True} | options
            made = Connections(server.url, **options)
            stack.callback(made.close)
            return server, made

        yield start


def post(made: Connections) -> tuple[int, bytes]:
    answer = made.post("/path", {"Host": made.host, "X-One": "1"}, b"body")
    return answer.status, answer.body


def post_together(count: int, made: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests at the same time, each over a connection of its own."""
    barrier, opened = threading.Barrier(count), made._open

    def open_together() -> Any:
        connection = opened()
        barrier.wait(20)
        return connection

    with monkeypatch.context() as patched, ThreadPoolExecutor(count) as pool:
        patched.setattr(made, "_open", open_together)
        list(pool.map(lambda _: post(made), range(count)))


def test_request_arrives_as_it_was_made(serve: Serve) -> None:
    server, made = serve(reply())

    post(made)

    (request,) = server.requests
    assert (request.line, request.body, request.headers["x-one"]) == ("POST /path HTTP/1.1", b"body", "1")
    assert request.headers["host"] == made.host == server.url.removeprefix("http://")


def test_answer_is_told_whatever_its_status(serve: Serve) -> None:
    _, made = serve(reply(503, b"busy", X_Reason="load"))

    answer = made.post("/", {}, b"")

    assert (answer.status, answer.body, answer.headers.get("x-reason")) == (503, b"busy", "load")


def test_connection_is_used_again(serve: Serve) -> None:
    server, made = serve(reply())

    for _ in range(3):
        assert post(made) == (200, b"{}")

    assert [request.connection for request in server.requests] == [1, 1, 1]


def test_answer_in_chunks_is_read_whole_and_its_connection_kept(serve: Serve) -> None:
    server, made = serve(chunked(b"abc", b"de" * 5000), reply())

    assert post(made) == (200, b"abc" + b"de" * 5000)
    post(made)

    assert server.connections == 1


def test_connection_that_the_server_announces_to_close_is_not_kept(serve: Serve) -> None:
    server, made = serve(reply(Connection="close"))

    post(made)
    post(made)

    assert server.connections == 2


@pytest.mark.parametrize("repeatable", [True, False])
def test_connection_that_was_closed_meanwhile_is_replaced(repeatable: bool, serve: Serve) -> None:
    server, made = serve(reply(closes=True), reply(), repeatable=repeatable)
    post(made)
    assert server.closed.wait(20)

    assert post(made) == (200, b"{}")

    assert [request.connection for request in server.requests] == [1, 2]


def test_connection_that_closes_under_a_repeatable_request_is_replaced(serve: Serve) -> None:
    server, made = serve(reply(), LOST, reply())
    post(made)

    assert post(made) == (200, b"{}")

    assert [request.connection for request in server.requests] == [1, 1, 2]


def test_request_that_must_not_be_repeated_is_not_when_its_connection_closes(serve: Serve) -> None:
    server, made = serve(reply(), LOST, reply(), repeatable=False)
    post(made)

    with pytest.raises(TransportError) as caught:
        post(made)

    assert caught.value.sent
    assert len(server.requests) == 2


def test_connection_that_was_idle_for_long_is_not_used(serve: Serve) -> None:
    clock = FakeTime()
    server, made = serve(reply(), idle_seconds=2.0, clock=clock)
    post(made)
    clock.sleep(1.9)
    post(made)
    clock.sleep(2.1)
    post(made)

    assert [request.connection for request in server.requests] == [1, 1, 2]


@pytest.mark.parametrize("dead", [SILENT, LOST], ids=["silent", "lost"])
def test_repeatable_request_that_meets_a_dead_connection_is_sent_once_more_on_a_new_one(
    dead: Reply, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, made = serve(reply(), reply(), dead, reply(), answer_seconds=0.5)
    post_together(2, made, monkeypatch)

    assert post(made) == (200, b"{}")

    assert len(server.requests) == 4
    assert server.requests[-1].connection == 3


@pytest.mark.parametrize("repeatable", [True, False])
@pytest.mark.parametrize("dead", [SILENT, LOST], ids=["silent", "lost"])
def test_all_kept_connections_are_dropped_when_one_is_dead(
    dead: Reply, repeatable: bool, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, made = serve(reply(), reply(), *[dead] * (1 + repeatable), reply(), repeatable=repeatable, answer_seconds=0.5)
    post_together(2, made, monkeypatch)
    with pytest.raises(TransportError):
        post(made)

    assert post(made) == (200, b"{}")

    assert {request.connection for request in server.requests[3:]}.isdisjoint({1, 2})


def test_new_connection_that_gives_no_answer_drops_no_other(serve: Serve) -> None:
    server, made = serve(SILENT, reply(), reply(), answer_seconds=0.5)
    with pytest.raises(TransportError):
        post(made)

    post(made)
    post(made)

    assert [request.connection for request in server.requests] == [1, 2, 2]


def test_request_whose_answer_has_begun_is_not_repeated_at_once(serve: Serve) -> None:
    server, made = serve(reply(), Reply(CUT.raw, resets=True), reply())
    post(made)

    with pytest.raises(TransportError, match="the answer broke off: ConnectionResetError"):
        post(made)

    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("lost", "said"),
    [(LOST, "no answer: RemoteDisconnected"), (CUT, "the answer broke off: IncompleteRead"), (SILENT, "no answer: TimeoutError")],
    ids=["lost", "cut", "silent"],
)
def test_answer_that_does_not_come_whole_is_an_error(lost: Reply, said: str, serve: Serve) -> None:
    server, made = serve(lost, answer_seconds=0.2)

    with pytest.raises(TransportError, match=said) as caught:
        post(made)

    assert caught.value.sent
    assert caught.value.transient
    assert len(server.requests) == 1


def test_connection_whose_answer_broke_off_is_not_used_again(serve: Serve) -> None:
    server, made = serve(Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"), reply(), answer_seconds=0.2)
    with pytest.raises(TransportError):
        post(made)

    assert post(made) == (200, b"{}")
    assert server.connections == 2


def test_nothing_was_sent_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    made = Connections(f"http://127.0.0.1:{port}", answer_seconds=1, idle_seconds=1, repeatable=True)

    with pytest.raises(TransportError, match="not sent: ConnectionRefusedError") as caught:
        post(made)

    assert not caught.value.sent


def test_threads_share_connections(serve: Serve) -> None:
    server, made = serve(reply())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(made), range(200)))

    assert answers == [(200, b"{}")] * 200
    assert len(server.requests) == 200
    assert server.connections <= 8


def test_no_more_connections_are_kept_than_allowed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    _, made = serve(reply(), most_kept=2)

    post_together(6, made, monkeypatch)

    assert len(made._kept) == 2


def test_network_is_told_that_somebody_waits(serve: Serve) -> None:
    _, made = serve(reply(), keepalive=True)

    post(made)

    ((connection, _),) = made._kept
    assert connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < 350


def test_connection_that_is_cut_without_a_word_is_known_to_be_after_two_minutes(serve: Serve) -> None:
    _, made = serve(reply(), keepalive=True)

    post(made)

    ((connection, _),) = made._kept
    idle, apart, probes = (
        connection.sock.getsockopt(socket.IPPROTO_TCP, option)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    assert idle + apart * probes == 120


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://lambda.eu-west-1.amazonaws.com", "lambda.eu-west-1.amazonaws.com", ""),
        ("https://localhost:443/", "localhost", ""),
        ("http://localhost:80/aws/", "localhost", "/aws"),
        ("http://[::1]:4566", "[::1]:4566", ""),
    ],
)
def test_endpoint_is_taken_apart(url: str, host: str, path: str) -> None:
    made = Connections(url, answer_seconds=1, idle_seconds=1, repeatable=True)

    assert (made.host, made.path) == (host, path)


@pytest.mark.parametrize("url", ["localhost:4566", "ftp://localhost", "http://", ""])
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an endpoint like https://host"):
        Connections(url, answer_seconds=1, idle_seconds=1, repeatable=True)
