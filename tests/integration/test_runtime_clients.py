"""The functions' clients of Lambda and DynamoDB on a server that loses answers, refuses, closes connections and keeps silent."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from runtime.aws import dynamodb
from runtime.aws import lambda_service as invoker
from runtime.aws.connections import Connections
from runtime.aws.dynamodb import DynamoDB
from runtime.aws.errors import InvokeError, StorageError, TransportError
from runtime.aws.lambda_service import Lambda, LambdaClient
from runtime.aws.requests import IDLE_SECONDS
from runtime.clock import Clock
from runtime.orchestration.values.returns import Returns
from runtime.orchestration.values.table import Table
from runtime.ports import Ports, ports, using
from tests.fakes.http_server import LOST, SILENT, Reply, Server, chunked, reply
from tests.fakes.package import unpacked

THROTTLED = reply(429, b'{"message": "Rate Exceeded."}', x_amzn_ErrorType="TooManyRequestsException")
BUSY = reply(503, b"<html>busy</html>")
EXISTS = reply(400, b'{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "no"}')

AWS = {"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

Serve = Callable[..., Server]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts a server with these replies, and lets the runtime's clients, made anew, meet it."""
    monkeypatch.setattr("random.random", lambda: 0.0)
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    made: list[Any] = []
    with ExitStack() as stack, using(Ports()) as own:

        def start(*replies: Reply) -> Server:
            server = stack.enter_context(Server(list(replies)))
            monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
            for make in (invoker.lambda_client, invoker.patient_lambda_client, dynamodb.dynamodb_client):
                client = make.__wrapped__()  # type: ignore[attr-defined]
                stack.callback(client._requests._connections.close)
                made.append(client)
            vars(own).update(
                lambda_=Lambda(own.clock, lambda: made[-3], lambda: made[-2]), dynamodb=DynamoDB(own.clock, lambda: made[-1])
            )
            return server

        yield start


def invoke_async(name: str, payload: Any) -> None:
    ports().lambda_.invoke_async(name, payload)


def called() -> Any:
    return ports().lambda_.invoke_sync("f", {"Session": "run1"}, time.time() + 60)


def a_table() -> Table:
    return Table("t", "run1", Returns("returns", "run1"))


@pytest.mark.parametrize("trouble", [LOST, BUSY, THROTTLED], ids=["lost", "busy", "throttled"])
def test_asynchronous_invocation_is_sent_until_it_is_taken(trouble: Reply, serve: Serve) -> None:
    server = serve(trouble, trouble, reply(202, b""))

    invoke_async("f", {"Session": "run1"})

    assert [request.body for request in server.requests] == [b'{"Session":"run1"}'] * 3


def test_asynchronous_invocation_that_gets_no_answer_in_time_is_sent_again(serve: Serve) -> None:
    server = serve(SILENT, reply(202, b""))
    impatient = Connections(server.url, answer_seconds=0.2, idle_seconds=IDLE_SECONDS, repeatable=True)

    Lambda(Clock(), lambda: LambdaClient(impatient, "us-east-1", 2)).invoke_async("f", {})
    impatient.close()

    assert len(server.requests) == 2


def test_asynchronous_invocation_that_never_is_taken_says_why(serve: Serve) -> None:
    server = serve(THROTTLED)

    with pytest.raises(InvokeError, match=r"on f failed: TooManyRequestsException \(429, 8 times\): Rate Exceeded\."):
        invoke_async("f", {})

    assert len(server.requests) == 8


def test_synchronous_invocation_whose_answer_is_lost_is_not_sent_again(serve: Serve) -> None:
    server = serve(LOST, reply())

    with pytest.raises(InvokeError, match="f was invoked, but gave no answer: RemoteDisconnected"):
        called()

    assert len(server.requests) == 1


def test_synchronous_invocation_that_was_not_taken_is_sent_again(serve: Serve) -> None:
    server = serve(THROTTLED, reply(200, b'"done"'))

    assert called() == "done"
    assert len(server.requests) == 2


def test_synchronous_invocation_meets_no_connection_that_the_server_closed(serve: Serve) -> None:
    server = serve(reply(200, b'"one"', closes=True), chunked(b'"t', b'wo"'))
    assert called() == "one"
    assert server.closed.wait(20)

    assert called() == "two"
    assert len(server.requests) == 2


def test_synchronous_client_waits_longer_than_any_function_runs(serve: Serve) -> None:
    serve(reply())

    called()

    ((connection, _),) = ports().lambda_._patient_client()._requests._connections._kept
    assert connection.sock.gettimeout() > 900


@pytest.mark.parametrize(
    "ask",
    [lambda: invoke_async("f", {}), called, lambda: a_table().create_item("1", {})],
    ids=["asynchronous", "synchronous", "table"],
)
def test_connection_that_lay_in_a_frozen_function_is_not_used(
    ask: Callable[[], Any], serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, frozen, true_time = serve(reply()), [0.0], time.time
    monkeypatch.setattr("time.time", lambda: true_time() + frozen[0])
    ask()
    frozen[0] += 11.0

    ask()

    assert [request.connection for request in server.requests] == [1, 2]


def test_condition_that_does_not_hold_is_asked_once(serve: Serve) -> None:
    server = serve(EXISTS)

    assert a_table().create_item("1", {}) is False
    assert len(server.requests) == 1


def test_item_is_written_again_when_the_answer_is_lost(serve: Serve) -> None:
    server = serve(LOST, EXISTS)

    assert a_table().create_item("1", {}) is False
    assert server.requests[0].body == server.requests[1].body


def test_table_that_cannot_be_reached_is_an_error_of_storage(serve: Serve) -> None:
    serve(LOST)

    with pytest.raises(StorageError, match="dynamodb:PutItem on t/run1/1 failed: no answer: RemoteDisconnected") as caught:
        a_table().create_item("1", {})

    assert isinstance(caught.value.__cause__, TransportError)


def test_many_threads_share_a_client(serve: Serve) -> None:
    server = serve(reply(202, b""))

    service = ports().lambda_

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: service.invoke_async("f", {"Session": str(number)}), range(200)))

    assert sorted(int(json.loads(request.body)["Session"]) for request in server.requests) == list(range(200))
    assert server.connections <= 16


PROGRAM = """
import json, sys
from runtime.orchestration import entry
entry._invoke("partition", {"Session": "run1"})
entry._invoke("partition", {"Session": "run1"}, 2e9)
entry._ports.dynamodb.call("GetItem", "t", "k", TableName="t")
print(json.dumps(sorted(name for name in sys.modules if name.partition(".")[0] in ("boto3", "botocore", "urllib3"))))
"""


def test_function_that_invokes_and_writes_items_imports_no_sdk(tmp_path: Path) -> None:
    package = unpacked("mapper", tmp_path)
    with Server([reply()]) as server:
        environment = {
            "ORCHESTRATION": "sfn",
            "FUNCTION": "mapper",
            "FUNCTION_PREFIX": "p-",
            "BUCKETS": '{"returns": "returns", "results": "results"}',
            "PYTHONPATH": str(package),
            "AWS_ENDPOINT_URL": server.url,
            **AWS,
        }
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], cwd=package, env=environment, capture_output=True, text=True, check=True, timeout=60
        )

    assert json.loads(done.stdout) == []
    assert len(server.requests) == 3
