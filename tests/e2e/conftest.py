"""One embedded AWS for the session, in a build directory of the tests' own, with every orchestration deployed side by side."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from runtime.orchestration import ORCHESTRATIONS

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "e2e"


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    status: int
    out: str
    err: str

    @property
    def counts(self) -> dict[str, int]:
        assert self.status == 0, self.out + self.err
        counts: dict[str, int] = json.loads(self.out)
        return counts


def run_module(module: str, *arguments: str, stdin: str = "", timeout: float = 240) -> Done:
    """Run one of the project's commands as a process, in the tests' build directory."""
    environment = {**os.environ, "MAPREDUCE_BUILD_DIR": str(BUILD)}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


class Cloud:
    """The embedded AWS: its deployments, and clients of its services as root."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url

    def deployment(self, orchestration: str) -> dict[str, Any]:
        record: dict[str, Any] = json.loads((BUILD / "embedded" / "deployments" / f"{orchestration}.json").read_text())
        return record

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def keys(self, orchestration: str, role: str, prefix: str = "") -> list[str]:
        """All keys in a bucket of a deployment."""
        pages = self.client("s3").get_paginator("list_objects_v2")
        bucket = self.deployment(orchestration)["buckets"][role]
        return [item["Key"] for page in pages.paginate(Bucket=bucket, Prefix=prefix) for item in page.get("Contents", ())]

    def items(self, orchestration: str, run: str) -> list[str]:
        """The keys of a run's items in all tables of a deployment, but for what says that the run is done."""
        tables = self.deployment(orchestration).get("tables") or {}
        client = self.client("dynamodb")
        found = [item["Key"]["S"] for table in tables.values() for item in client.scan(TableName=table)["Items"]]
        return [key for key in found if key.startswith(f"{run}/")]

    def invoke(self, orchestration: str, *arguments: str, stdin: str = "", timeout: float = 240) -> Done:
        """The client, on one deployment."""
        return run_module(
            "scripts.client",
            "--target",
            "embedded",
            "--orchestration",
            orchestration,
            *arguments,
            stdin=stdin,
            timeout=timeout,
        )

    def command(self, name: str, run: str, *arguments: str) -> Done:
        """A command of the client on one run, whose deployment it finds."""
        return run_module("scripts.client", name, run, "--target", "embedded", *arguments)

    @contextlib.contextmanager
    def held(self, orchestration: str, function: str) -> Iterator[None]:
        """The deployment while Lambda takes no synchronous invocation of one function; callers try again until it does."""
        name, client = self.deployment(orchestration)["functions"][function], self.client("lambda")
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            client.delete_function_concurrency(FunctionName=name)


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The embedded AWS with all orchestrations deployed; stopped at the end, whatever happens."""
    for module, *arguments in (("scripts.package",), ("scripts.embedded", "up")):
        done = run_module(module, *arguments)
        assert done.status == 0, done.out + done.err
    try:
        for orchestration in ORCHESTRATIONS:
            deploy(orchestration)
        state = json.loads((BUILD / "embedded" / "state.json").read_text())
        yield Cloud(state["endpoint_url"])
    finally:
        done = run_module("scripts.embedded", "down")
        assert done.status == 0, done.out + done.err


def deploy(orchestration: str, *variables: str) -> None:
    """terraform apply of one orchestration."""
    extra = [word for variable in variables for word in ("--var", variable)]
    done = run_module("scripts.deploy", "apply", "--target", "embedded", "--orchestration", orchestration, *extra)
    assert done.status == 0, done.out + done.err


@pytest.fixture(params=ORCHESTRATIONS)
def orchestration(request: pytest.FixtureRequest) -> str:
    """Each orchestration in turn: one body for all."""
    name: str = request.param
    return name
