"""What functions log and record of failed requests holds no credential of theirs."""

from collections.abc import Callable
from typing import Any

import pytest

from runtime.orchestration.settings import RedisTarget
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster, LambdaError
from tests.fakes.deployments import Deployment
from tests.fakes.redis_server import RedisServer
from tests.fakes.return_stores import InRedis

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "sEcReTkEy-5f1d2c",
    "AWS_SESSION_TOKEN": "sEsSiOnToKeN-77ab01",
}
PASSWORD = "pAsSwOrD-93ce4e"

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Credentials in the functions' environment that can be told from anything else."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return [*SECRETS.values(), PASSWORD]


def told(buckets: Buckets, capfd: Capsys) -> str:
    """All that a run left to be read."""
    captured = capfd.readouterr()
    return captured.out + captured.err + str(buckets.failure("run1"))


@pytest.mark.parametrize("name", ["http_sync_s3", "http_only", "s3_triggers", "sfn"])
def test_failed_request_to_s3_tells_no_credential(
    name: str, secrets: list[str], deploy: Callable[[str], Deployment], capfd: Capsys
) -> None:
    deployment = deploy(name)
    deployment.buckets.client.delete_bucket(Bucket=deployment.buckets.shuffle)

    deployment.start("run1", [{"text": "to be", "destination": deployment.buckets.shuffle}])
    deployment.wait()

    output = told(deployment.buckets, capfd)
    assert "there is no such bucket" in output
    assert [secret for secret in secrets if secret in output] == []


def test_failed_request_to_dynamodb_tells_no_credential(
    secrets: list[str], deploy: Callable[[str], Deployment], capfd: Capsys
) -> None:
    deployment = deploy("dynamodb_triggers")
    tables = deployment.buckets.tables
    tables.client.delete_table(TableName=tables.names["mapper-output"])

    deployment.start("run1", [{"text": "to be", "destination": deployment.buckets.shuffle}])
    deployment.wait()

    output = told(deployment.buckets, capfd)
    assert "dynamodb:GetItem" in output
    assert [secret for secret in secrets if secret in output] == []


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{PASSWORD}@127.0.0.1:{{port}}/0",
        f"redis://:{PASSWORD}@127.0.0.1:1/0",
        f"redis://:{PASSWORD}@127.0.0.1:{{port}}/none",
        f"redis://:{PASSWORD}@127.0.0.1:none/0",
        f"redis://:{PASSWORD}/x@127.0.0.1:{{port}}/0",
        f"http://:{PASSWORD}@127.0.0.1/0",
    ],
    ids=["wrong password", "nobody there", "wrong database", "wrong port", "slash in the password", "no Redis"],
)
def test_failed_connection_to_redis_tells_no_password(
    url: str,
    secrets: list[str],
    redis_server: RedisServer,
    redis_store: InRedis,
    buckets: Buckets,
    make_cluster: Callable[..., Cluster],
    monkeypatch: pytest.MonkeyPatch,
    capfd: Capsys,
) -> None:
    monkeypatch.setattr("redis.retry.sleep", lambda seconds: None)
    port = redis_server.url.rpartition(":")[2].partition("/")[0]
    target = RedisTarget(url=url.format(port=port))
    cluster = make_cluster("http_sync_s3", return_store="redis", redis=target)
    place: dict[str, Any] = {"Index": 1, "Size": 1, "Directory": "mapper/"}
    chunk = {"text": "to be", "destination": buckets.shuffle}

    with pytest.raises(LambdaError) as failed:
        cluster.invoke("mapper", {"Session": "run1", "Data": {"Source": "http", "Value": chunk}, "Fan-out": place})

    output = told(buckets, capfd) + str(failed.value.answer)
    assert '"outcome": "error"' in output
    assert [secret for secret in secrets if secret in output] == []
