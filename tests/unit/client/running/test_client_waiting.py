"""Waiting for a run whose deployment, or which itself, is removed meanwhile: that is told within seconds."""

import fcntl
import http.server
import socket
import threading
from contextlib import closing
from types import SimpleNamespace

import obstore
import pytest

from scripts import paths
from scripts.client.aws import objects
from scripts.client.aws.gone import is_gone
from scripts.client.errors import GoneError, StorageError, TimedOutError
from scripts.client.running import waiting
from scripts.client.running.waiting import wait_for_result
from scripts.compare.formulas import client_polls
from tests.fakes.client_memory import MemoryAws

pytestmark = pytest.mark.timeout(30)


@pytest.fixture(autouse=True)
def build(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "BUILD", tmp_path)
    monkeypatch.setattr(waiting, "_GONE_SECONDS", 0.1)
    monkeypatch.setattr(waiting, "_CLAIM_INTERVAL_SECONDS", 0.0)
    (tmp_path / "embedded").mkdir()
    return tmp_path / "embedded"


@pytest.fixture
def silent():
    """An endpoint at which nothing listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def failing():
    """An endpoint that answers, though not to the client."""
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def wait(aws, seconds=0.5, tick=lambda: None):
    return wait_for_result(aws, "r1", seconds, lambda: None, tick)


def unreachable(endpoint, monkeypatch):
    def refuse(*_):
        raise StorageError("s3:GetObject", "results", "r1/result.json", "no connection")

    monkeypatch.setattr(objects, "exists", refuse)
    aws = MemoryAws()
    aws.deployment = SimpleNamespace(endpoint_url=endpoint)
    return aws


def test_an_embedded_aws_that_stopped_is_told(silent, monkeypatch):
    with pytest.raises(GoneError, match=f"the embedded AWS at {silent} is gone.*make local-up local-deploy"):
        wait(unreachable(silent, monkeypatch), seconds=25)


def test_one_that_is_being_restarted_is_waited_for(silent, build, monkeypatch):
    with (build / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with pytest.raises(TimedOutError):
            wait(unreachable(silent, monkeypatch))


def test_one_that_is_only_busy_is_waited_for(failing, monkeypatch):
    with pytest.raises(TimedOutError):
        wait(unreachable(failing, monkeypatch))


def test_an_account_is_never_taken_to_be_gone(monkeypatch):
    with pytest.raises(TimedOutError):
        wait(unreachable(None, monkeypatch))


def test_what_stopped_is_gone_with_and_without_a_lock(silent, build):
    assert is_gone(silent)
    (build / "lock").touch()
    assert is_gone(silent)


def test_a_run_that_is_removed_is_told():
    aws = MemoryAws()
    aws.put("results", "r1/run.json", {})
    ticks = iter(range(100))

    def remove():
        if next(ticks) == 2:
            obstore.delete(aws.stores["results"], "r1/run.json")

    with pytest.raises(GoneError, match="run r1 was removed"):
        wait(aws, 25, remove)


def test_a_run_whose_bucket_is_removed_is_told(monkeypatch):
    def refuse(*_):
        raise StorageError("s3:GetObject", "results", "r1/run.json", objects.NO_BUCKET)

    aws = MemoryAws()
    aws.deployment = SimpleNamespace(endpoint_url=None)
    monkeypatch.setattr(objects, "read", refuse)

    with pytest.raises(GoneError, match="its deployment was removed"):
        wait(aws, 25)


def test_a_run_that_another_client_tidied_up_has_its_result():
    aws = MemoryAws()
    aws.put("results", "r1/run.json", {})
    ticks = iter(range(100))

    def end():
        if next(ticks) == 2:
            obstore.delete(aws.stores["results"], "r1/run.json")
            aws.put("results", "r1/result.json", {"a": 1})

    assert wait(aws, 25, end) == b'{"a": 1}'


class Clock:
    """Stands for the `time` module: it passes only while somebody sleeps."""

    def __init__(self):
        self.now, self.pauses = 100.0, []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.pauses.append((self.now - 100, seconds))
        self.now += seconds


def test_the_end_of_a_run_is_noticed_within_a_twentieth_of_its_time(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(waiting, "time", clock)

    with pytest.raises(TimedOutError):
        wait(MemoryAws(), 100)

    assert all(0 < pause <= max(0.02, waited / 20) for waited, pause in clock.pauses)
    assert max(pause for _, pause in clock.pauses) == 1
    assert len(clock.pauses) < client_polls(100)


def test_a_run_that_nobody_claimed_is_waited_for():
    with pytest.raises(TimedOutError):
        wait(MemoryAws())
