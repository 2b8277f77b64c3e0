"""The client as a user runs it, against moto's S3. Lambda and Step Functions are faked where the client calls them."""

import json

import pytest
from moto.server import ThreadedMotoServer

from scripts import paths
from scripts.client.aws.clients import Aws
from tests.fakes.embedded import note_running
from tests.integration.client.deployed import HOSTILE, Cloud


@pytest.fixture(scope="session")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def embedded(tmp_path, monkeypatch, endpoint):
    """A build folder that says: the embedded AWS is up. Nothing is deployed yet."""
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.setenv("MAPREDUCE_BUILD_DIR", str(tmp_path / "build"))
    folder = tmp_path / "build" / "embedded" / "deployments"
    folder.mkdir(parents=True)
    note_running(folder.parent, endpoint)
    return folder


@pytest.fixture
def deploy(endpoint, embedded, monkeypatch, request):
    clouds = {}

    def make(orchestration, mode=None):
        mode = mode or ("INLINE" if orchestration == "sfn" else None)
        number = abs(hash((request.node.nodeid, orchestration))) % 10**12
        clouds[orchestration] = Cloud(endpoint, embedded, orchestration, number, mode)
        return clouds[orchestration]

    monkeypatch.setattr(Aws, "client", lambda self, service: clouds[self.deployment.orchestration])
    yield make
    for cloud in clouds.values():
        for thread in cloud.threads:
            thread.join(10)


@pytest.fixture(params=["sfn", "sfn DISTRIBUTED", "http_sync_s3"])
def cloud(request, deploy):
    return deploy(*request.param.split())


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "in.json"
    path.write_text(
        json.dumps(
            {"data": [{"text": "to be or", "destination": "elsewhere"}, {"text": " ".join(["not", "to", "be", *HOSTILE])}]}
        )
    )
    return str(path)
