"""Runs under faults: a client that is watched from outside, and the time limits that its run has to keep."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.orchestrations import ORCHESTRATIONS
from tests.cloud import ROOT, Cloud, Done, environment

TEXTS = ["to be or not", "that is the question", "to sleep to dream"]
INPUT = json.dumps(TEXTS)
COUNTS = Counter(word for text in TEXTS for word in text.split())

DETECTION_SECONDS = 30.0
"""How long after its last attempt a failure may stay unseen, and a repaired run unended."""

BACK_OFF_SECONDS = {"sfn": 3.0, "http_sync_s3": 0.6, "http_only": 3.0, "s3_triggers": 0.6, "dynamodb_triggers": 1.4}
"""The pauses between three attempts: of the state machine, of Lambda (shortened here), of a caller, of Lambda, of a stream."""


class Client:
    """scripts.client as a process that can be watched, waited for and killed.

    Attributes:
        seconds: how long it ran, once it has ended by itself.
    """

    def __init__(self, build: Path, orchestration: str, *arguments: str, stdin: str) -> None:
        command = [sys.executable, "-m", "scripts.client", "--target", "embedded", "--orchestration", orchestration, *arguments]
        self._began = time.monotonic()
        self.seconds = 0.0
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(build),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin
        self._process.stdin.write(stdin)
        self._process.stdin.close()
        self._process.stdin = None

    def wait_until_it_waits(self) -> None:
        """Return once it has said that its run is started."""
        assert self._process.stderr
        line = self._process.stderr.readline()
        assert line.startswith("run "), line + self._process.stderr.read()

    def end(self, timeout: float = 120) -> Done:
        """Its exit code and all that it printed."""
        out, err = self._process.communicate(timeout=timeout)
        self.seconds = time.monotonic() - self._began
        return Done(self._process.returncode, out, err)

    def kill(self) -> None:
        """kill -9; nothing when it has ended."""
        self._process.kill()
        self._process.communicate(timeout=10)


@contextlib.contextmanager
def started(build: Path, orchestration: str, *arguments: str, stdin: str = INPUT) -> Iterator[Client]:
    """A client at work; killed at the end if it still is."""
    client = Client(build, orchestration, *arguments, stdin=stdin)
    try:
        yield client
    finally:
        client.kill()


@dataclass(frozen=True)
class Outcome:
    """What a fault led to, for the record. `seconds`: from the fault, or the start of a run without one moment of it."""

    orchestration: str
    fault: str
    injected: int
    ended: str
    seconds: float


def in_all(case: Callable[[str], Outcome], names: tuple[str, ...] = ORCHESTRATIONS) -> list[Outcome]:
    """A case under each orchestration, three at once; raises the first that fails, once all have ended."""
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(case, name) for name in names]
    return [future.result() for future in futures]


def calm_run(cloud: Cloud, orchestration: str) -> Outcome:
    """A run without faults: how long it takes on this machine, while others run beside it."""
    with started(cloud.build, orchestration, "--json", "-") as client:
        assert client.end().counts == COUNTS, orchestration
    return Outcome(orchestration, "none", 0, "exact counts", client.seconds)


def failure_of(cloud: Cloud, orchestration: str, run: str) -> dict[str, Any]:
    """The record of a failed run."""
    bucket = cloud.deployment(orchestration)["buckets"]["results"]
    body = cloud.client("s3").get_object(Bucket=bucket, Key=f"{run}/failed.json")["Body"].read()
    record: dict[str, Any] = json.loads(body)
    return record


def own_page(cloud: Cloud, path: str, method: str = "GET") -> dict[str, Any]:
    """What the embedded AWS answers about itself, below `/_embedded/`; it names the emulator that this deployment is on."""
    request = urllib.request.Request(f"{cloud.endpoint_url}/_embedded/{path}", method=method)  # noqa: S310
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
        page: dict[str, Any] = json.loads(response.read())
    assert page["token"] == json.loads((cloud.build / "embedded" / "state.json").read_text())["token"]
    return page


def ends_of(cloud: Cloud, orchestration: str, run: str) -> list[str]:
    """Which of result.json and failed.json a run has."""
    return [key for key in cloud.keys(orchestration, "results", f"{run}/") if key.endswith(("/result.json", "/failed.json"))]
