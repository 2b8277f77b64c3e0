"""A moto server on loopback for S3 and Step Functions, one for each test process, and deployments on it, one for each test."""

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.config import default_user_config
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.s3.models import s3_backends
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils

from runtime.mapreduce import storage
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import REGION, Cluster
from tests.fakes.deployments import Deployment, InvokedFunctions, StateMachine
from tests.fakes.machine import InstantRetries, InterpreterLambda, Machine

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """The URL of a moto server that runs state machines, on a free port of loopback."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(default_user_config, "stepfunctions", {"execute_state_machine": True})
        server.start()
        port = server.get_host_and_port()[1]
        patch.setenv("MOTO_PORT", str(port))  # where the interpreter looks for S3
        yield f"http://127.0.0.1:{port}"
        server.stop()


@pytest.fixture(scope="session")
def clients(moto_endpoint: str) -> dict[str, Any]:
    """boto3's clients for the test's own look at things: they cost half a second to make."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    return {name: boto3.client(name, endpoint_url=moto_endpoint, **keys) for name in ("s3", "stepfunctions")}


@pytest.fixture
def aws_environment(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a Lambda function whose AWS is the moto server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_endpoint)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_REGION", REGION)


@pytest.fixture
def buckets(clients: dict[str, Any], aws_environment: None) -> Buckets:
    """Three empty buckets of this test's own."""
    number = next(_numbers)
    made = Buckets(clients["s3"], *(f"test{number}-{role}" for role in ("shuffle", "returns", "results")))
    for bucket in (made.shuffle, made.returns, made.results):
        clients["s3"].create_bucket(Bucket=bucket)
    return made


@pytest.fixture
def instant_puts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores emitted pairs in the server's memory without HTTP, for tests with thousands of them; all else stays true."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    lock = threading.Lock()

    def put(bucket: str, key: str, body: bytes) -> None:
        with lock:
            backend.put_object(bucket, key, body)

    monkeypatch.setattr(storage, "put", put)


@pytest.fixture
def make_cluster(buckets: Buckets, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Cluster]]:
    """Makes the functions of an orchestration: `make_cluster("http_sync_s3", fan_in_wait_seconds=1)`."""
    clusters: list[Cluster] = []

    def make(orchestration: str, **options: Any) -> Cluster:
        cluster = Cluster(orchestration, buckets, **options)
        clusters.append(cluster)
        monkeypatch.setenv("FUNCTION_PREFIX", cluster.prefix)
        monkeypatch.setenv("RESULTS_BUCKET", buckets.results)
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
        return StateMachine(buckets, cluster, Machine(clients["stepfunctions"], cluster, buckets, mode))

    return make


@pytest.fixture
def deploy(
    buckets: Buckets, make_cluster: Callable[..., Cluster], make_state_machine: Callable[[str], StateMachine]
) -> Callable[[str], Deployment]:
    """Makes a deployment of any orchestration: `deploy("sfn")`; `deploy("sfn DISTRIBUTED")` for the other Map mode."""

    def make(name: str) -> Deployment:
        orchestration, _, mode = name.partition(" ")
        if orchestration == "sfn":
            return make_state_machine(mode or "INLINE")
        return InvokedFunctions(buckets, make_cluster(orchestration))

    return make
