"""A moto server on loopback, one for each test process, and deployments on it, one for each test."""

import itertools
import json
import logging
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from moto import backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.config import default_user_config
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.s3.models import s3_backends
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.backend import execution_worker
from werkzeug.serving import WSGIRequestHandler

from runtime.ports import ports
from tests.fakes import bucketful, tableful
from tests.fakes.bucketful import Buckets
from tests.fakes.clock import Hasty
from tests.fakes.cluster import REGION, Cluster
from tests.fakes.deployments import (
    CalledFunctions,
    Deployment,
    InvokedFunctions,
    StateMachine,
    TriggeredByItems,
    TriggeredByObjects,
)
from tests.fakes.machine import InstantRetries, InterpreterLambda, Machine
from tests.fakes.notifications import Notifications
from tests.fakes.redis_server import RedisServer
from tests.fakes.return_stores import InBucket, InRedis, InTable, StoreUnderTest
from tests.fakes.streams import Streams
from tests.fakes.tableful import Tables

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """The URL of a moto server that runs state machines, on a free port of loopback."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # a line for each request takes a seventh of a test's time
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
        modules = frozenset(backends.list_of_moto_modules())
        # The server looks through its own directory for each request, one request at a time.
        patch.setattr(backends, "list_of_moto_modules", lambda: modules)
        # Connections that are kept alive: else each request costs one, and a thread of the server.
        patch.setattr(WSGIRequestHandler, "protocol_version", "HTTP/1.1")
        server.start()
        port = server.get_host_and_port()[1]
        patch.setenv("MOTO_PORT", str(port))  # where the interpreter looks for S3
        yield f"http://127.0.0.1:{port}"
        server.stop()


@pytest.fixture(scope="session")
def clients(moto_endpoint: str) -> dict[str, Any]:
    """boto3's clients for the test's own look at things: they cost half a second to make."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    return {name: boto3.client(name, endpoint_url=moto_endpoint, **keys) for name in ("s3", "stepfunctions", "dynamodb")}


@pytest.fixture
def aws_environment(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a Lambda function whose AWS is the moto server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_endpoint)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.fixture
def buckets(clients: dict[str, Any], aws_environment: None) -> Buckets:
    """Four empty buckets of this test's own, and one for each stage; names for its tables."""
    number = next(_numbers)
    names = (f"test{number}-{role}" for role in ("shuffle", "returns", "results", "given-up"))
    stages = {role: f"test{number}-{role.replace('_', '-')}" for role in bucketful.STAGES}
    tables = Tables(clients["dynamodb"], {role: f"test{number}-{role}" for role in (*tableful.STAGES, "results")})
    made = Buckets(clients["s3"], *names, stages, tables)
    made.create()
    return made


@pytest.fixture
def instant_puts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores emitted pairs in the server's memory without HTTP, for tests with thousands of them; all else stays true."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    lock = threading.Lock()

    def put(bucket: str, key: str, body: bytes) -> None:
        with lock:
            backend.put_object(bucket, key, body)

    monkeypatch.setattr(ports().s3, "put_once", put)


@pytest.fixture
def make_cluster(buckets: Buckets, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Cluster]]:
    """Makes the functions of an orchestration: `make_cluster("http_sync_s3", fan_in_wait_seconds=1)`."""
    clusters: list[Cluster] = []

    def make(orchestration: str, **options: Any) -> Cluster:
        cluster = Cluster(orchestration, buckets, **options)
        clusters.append(cluster)
        monkeypatch.setenv("FUNCTION_PREFIX", cluster.prefix)
        monkeypatch.setenv("ORCHESTRATION", orchestration)
        monkeypatch.setenv("FUNCTION", "recorder")
        own = {"results": buckets.results, "returns": buckets.returns, "given_up": buckets.given_up}
        monkeypatch.setenv("BUCKETS", json.dumps({**buckets.stages, **own}))
        monkeypatch.setenv("TABLES", json.dumps(buckets.tables.names))
        return cluster

    yield make
    for cluster in clusters:
        cluster.close()


@pytest.fixture
def retries(monkeypatch: pytest.MonkeyPatch) -> InstantRetries:
    """Lets the state machine retry at once, and notes for how long it would have waited."""
    instant = InstantRetries()
    monkeypatch.setattr(retrier_decl, "time", instant)
    return instant


@pytest.fixture
def make_state_machine(
    clients: dict[str, Any],
    buckets: Buckets,
    make_cluster: Callable[..., Cluster],
    retries: InstantRetries,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], StateMachine]:
    """Makes a deployment of sfn in a Map mode: `make_state_machine("DISTRIBUTED")`."""

    def make(mode: str) -> StateMachine:
        cluster = make_cluster("sfn")
        monkeypatch.setattr(lambda_eval_utils, "boto_client_for", lambda **_: InterpreterLambda(cluster))
        # moto knows no redrive, nor that the context object counts them.
        monkeypatch.setattr(execution_worker, "ExecutionData", partial(execution_worker.ExecutionData, RedriveCount=0))
        return StateMachine(buckets, cluster, Machine(clients["stepfunctions"], cluster, buckets, mode))

    return make


@pytest.fixture
def http_only_deployment(
    buckets: Buckets, make_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> CalledFunctions:
    """http_only; pauses before a retry are short."""
    monkeypatch.setattr(ports(), "clock", Hasty())
    return CalledFunctions(buckets, make_cluster("http_only"))


@pytest.fixture
def s3_triggers_deployment(
    buckets: Buckets, make_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> TriggeredByObjects:
    """s3_triggers."""
    cluster = make_cluster("s3_triggers")
    notifications = Notifications(cluster, buckets)
    monkeypatch.setattr(ports().s3, "create", notifications.create)
    monkeypatch.setattr(ports().s3, "replace", notifications.replace)
    return TriggeredByObjects(buckets, cluster, notifications)


@pytest.fixture
def dynamodb_triggers_deployment(
    buckets: Buckets, make_cluster: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> TriggeredByItems:
    """dynamodb_triggers."""
    buckets.tables.create()
    cluster = make_cluster("dynamodb_triggers")
    streams = Streams(cluster, buckets)
    monkeypatch.setattr(ports().dynamodb, "call", streams.call)
    return TriggeredByItems(buckets, cluster, streams)


@pytest.fixture
def deploy(request: pytest.FixtureRequest, buckets: Buckets, make_cluster: Callable[..., Cluster]) -> Callable[[str], Deployment]:
    """Makes a deployment of any orchestration: `deploy("sfn")`; `deploy("sfn DISTRIBUTED")` for the other Map mode."""

    def make(name: str) -> Deployment:
        orchestration, _, mode = name.partition(" ")
        if orchestration == "sfn":
            made: Deployment = request.getfixturevalue("make_state_machine")(mode or "INLINE")
        elif orchestration in ("http_only", "s3_triggers", "dynamodb_triggers"):
            made = request.getfixturevalue(f"{orchestration}_deployment")
        else:
            made = InvokedFunctions(buckets, make_cluster(orchestration))
        return made

    return make


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis on loopback that wants a password."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def s3_store(buckets: Buckets) -> StoreUnderTest:
    """Return values in S3."""
    return InBucket(buckets)


@pytest.fixture
def dynamodb_store(clients: dict[str, Any], aws_environment: None, monkeypatch: pytest.MonkeyPatch) -> InTable:
    """Return values in an empty table of this test's own. One request at a time: moto's additions to a set are not atomic."""
    call, lock = ports().dynamodb.call, threading.Lock()

    def one_at_a_time(*request: Any, **arguments: Any) -> Any:
        with lock:
            return call(*request, **arguments)

    monkeypatch.setattr(ports().dynamodb, "call", one_at_a_time)
    return InTable(clients["dynamodb"], f"test{next(_numbers)}-returns")


@pytest.fixture
def redis_store(redis_server: RedisServer) -> Iterator[InRedis]:
    """Return values in a Redis that is empty."""
    with redis_server.client() as client:
        client.flushall()
        yield InRedis(client, redis_server.url, "wordcount-http_sync_s3-")
