"""The client on s3_triggers, dynamodb_triggers and http_only, against moto's S3 and DynamoDB."""

import json

import pytest

from scripts import paths
from scripts.client.aws.clients import Aws
from tests.fakes.embedded import note_running
from tests.integration.client.triggers.deployed import CLOUDS, TEXT


@pytest.fixture(autouse=True)
def embedded(tmp_path, monkeypatch, moto_endpoint, aws_environment):
    """A build folder that says: the embedded AWS is up. Nothing is deployed yet."""
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # The functions' part is done in the client's process, whose settings the client would take away.
    monkeypatch.setattr(Aws, "open", Aws)
    folder = tmp_path / "build" / "embedded" / "deployments"
    folder.mkdir(parents=True)
    note_running(folder.parent, moto_endpoint)
    return folder


@pytest.fixture
def deploy(moto_endpoint, embedded, monkeypatch):
    clouds = {}

    def make(orchestration):
        made = clouds[orchestration] = CLOUDS[orchestration](moto_endpoint, embedded)
        made.pause.set()
        return made

    real = Aws.client
    monkeypatch.setattr(Aws, "client", lambda self, name: clouds["http_only"] if name == "lambda" else real(self, name))
    monkeypatch.setattr(Aws, "long_client", lambda self, name, seconds: clouds["http_only"])
    yield make
    for cloud in clouds.values():
        cloud.close()


@pytest.fixture(params=CLOUDS)
def cloud(request, deploy):
    return deploy(request.param)


@pytest.fixture(params=["s3_triggers", "dynamodb_triggers"])
def triggers(request, deploy):
    return deploy(request.param)


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "in.json"
    path.write_text(json.dumps([TEXT, "to be", TEXT]))
    return str(path)
