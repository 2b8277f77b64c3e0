"""An embedded AWS for a session of tests, in a build directory of their own, with every orchestration deployed side by side."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from scripts.compare.telemetry import parse_line
from scripts.embedded import environment as emulator
from scripts.only_one import only_one
from scripts.orchestrations import ORCHESTRATIONS
from scripts.paths import Embedded

ROOT = Path(__file__).resolve().parents[1]

OUTPUT = "output-of-tests"
"""A bucket of the user's, to which all deployments may write results."""

INPUT = "input-of-tests"
"""Another, which all deployments may read."""

_VARIABLES = {"TF_VAR_output_buckets": json.dumps([OUTPUT]), "TF_VAR_input_buckets": json.dumps([INPUT])}
"""Of all deployments, whichever command makes them: `scripts.compare` deploys, too."""

_TIDYING_SECONDS = 60


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


def run_module(build: Path, module: str, *arguments: str, stdin: str = "", timeout: float = 240) -> Done:
    """Run one of the project's commands as a process, in a build directory.

    Raises:
        AssertionError: it did not end in time; the message has what it printed.
    """
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=environment(build),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            out, err = process.communicate(stdin.encode(), timeout)
        except subprocess.TimeoutExpired:
            told = f"no end of {module} {' '.join(arguments)} after {timeout:g} s"
            process.send_signal(signal.SIGINT)  # so that it ends what it has started, such as Terraform
            out, err = process.communicate(timeout=_TIDYING_SECONDS)
            raise AssertionError(f"{told}; it printed:\n{(out + err).decode(errors='replace')}") from None
        finally:
            process.kill()  # without effect on one that has ended
    return Done(process.returncode, out.decode(), err.decode())


def environment(build: Path) -> dict[str, str]:
    """The variables of a process that works in a build directory."""
    return {**os.environ, **_VARIABLES, "MAPREDUCE_BUILD_DIR": str(build)}


def deploy(build: Path, orchestration: str, *variables: str) -> None:
    """terraform apply of one orchestration."""
    extra = [word for variable in variables for word in ("--var", variable)]
    done = run_module(build, "scripts.deploy", "apply", "--target", "embedded", "--orchestration", orchestration, *extra)
    assert done.status == 0, done.out + done.err


def record(build: Path, orchestration: str, prefix: str = "wordcount") -> dict[str, Any]:
    """What the client is told of a deployment."""
    told: dict[str, Any] = json.loads(record_path(build, orchestration, prefix).read_text())
    return told


def record_path(build: Path, orchestration: str, prefix: str = "wordcount") -> Path:
    """The file that says it."""
    return build / "embedded" / "deployments" / f"{prefix}-{orchestration}-us-east-1.json"


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def client(service: str, endpoint: str) -> Any:
    """A client of a service of an embedded AWS, as root."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", **keys)


def log_lines(deployment: dict[str, Any], run: str) -> list[dict[str, Any]]:
    """What the functions of a deployment said of their invocations for a run, in the order of their beginning."""
    logs = client("logs", deployment["endpoint_url"])
    found = []
    for group in deployment["log_groups"].values():
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            lines = (parse_line(event["message"]) for event in page["events"])
            found += [line for line in lines if line.get("run") == run and "started" in line]
    return sorted(found, key=lambda line: line["started"])


def emulator_environment() -> Path:
    """The repository's own environment of the embedded AWS, installed once for all tests."""
    paths = Embedded()
    with only_one(paths.lock, "the embedded AWS"):
        emulator.prepare(paths.venv, paths.requirements)
    return paths.venv


@contextlib.contextmanager
def running(build: Path, *options: str) -> Iterator[str]:
    """An embedded AWS with packages at hand, started with the options; its endpoint. Stopped at the end, whatever happens."""
    venv = build / "embedded" / "venv"
    if not venv.exists():
        venv.parent.mkdir(parents=True, exist_ok=True)
        venv.unlink(missing_ok=True)
        venv.symlink_to(emulator_environment())
    for module, *arguments in (("scripts.package",), ("scripts.embedded", "up", *options)):
        done = run_module(build, module, *arguments)
        assert done.status == 0, done.out + done.err
    try:
        endpoint: str = json.loads((build / "embedded" / "state.json").read_text())["endpoint_url"]
        yield endpoint
    finally:
        done = run_module(build, "scripts.embedded", "down")
        assert done.status == 0, done.out + done.err


@contextlib.contextmanager
def prepared(build: Path, prepare: Callable[[], object], *options: str) -> Iterator[str]:
    """An embedded AWS on which `prepare` has deployed something; its endpoint.

    Where that fails, all of it begins once more, with a warning. On a busy machine, in one of some hundred applies, the emulator
    carried out a request whose answer never came. Terraform then sends it again and is told that the thing exists already, or it
    waits. Why is not known. Whatever fails twice is an error.
    """
    with running(build, *options) as endpoint:
        try:
            prepare()
        except AssertionError as error:
            log = (build / "embedded" / "log.txt").read_text(errors="replace")
            warnings.warn(f"the first try to deploy failed: {error}; the embedded AWS said: {log[-2000:]}", stacklevel=2)
        else:
            yield endpoint
            return
    with running(build, *options) as endpoint:
        prepare()
        yield endpoint


@contextlib.contextmanager
def deployed(build: Path, *options: str) -> "Iterator[Cloud]":
    """An embedded AWS with every orchestration deployed."""
    with prepared(build, partial(deploy_all, build), *options) as endpoint:
        yield Cloud(build, endpoint)


def deploy_all(build: Path) -> None:
    """terraform apply of each orchestration, two at a time: Terraform waits for as long as it computes."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(partial(deploy, build), ORCHESTRATIONS))


class Cloud:
    """The embedded AWS of a build directory: its deployments, and clients of its services as root."""

    def __init__(self, build: Path, endpoint_url: str) -> None:
        self.build = build
        self.endpoint_url = endpoint_url

    def deployment(self, orchestration: str) -> dict[str, Any]:
        return record(self.build, orchestration)

    def role(self, orchestration: str, function: str) -> str:
        """The name of a function's role."""
        name = self.deployment(orchestration)["functions"][function]
        arn: str = self.client("lambda").get_function_configuration(FunctionName=name)["Role"]
        return arn.rpartition("/")[2]

    def client(self, service: str) -> Any:
        return client(service, self.endpoint_url)

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
            self.build,
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
        return run_module(self.build, "scripts.client", name, run, "--target", "embedded", *arguments)

    @contextlib.contextmanager
    def held(self, orchestration: str, function: str) -> Iterator[None]:
        """The deployment while Lambda takes no synchronous invocation of one function; callers try again until it does."""
        name, client = self.deployment(orchestration)["functions"][function], self.client("lambda")
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            client.delete_function_concurrency(FunctionName=name)

    @contextlib.contextmanager
    def without_statement(self, orchestration: str, function: str, sid: str) -> Iterator[None]:
        """The deployment while one statement is missing from one function's policy."""
        iam, role = self.client("iam"), self.role(orchestration, function)
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        kept = [statement for statement in policy["Statement"] if statement["Sid"] != sid]
        assert len(kept) == len(policy["Statement"]) - 1
        changed = json.dumps({**policy, "Statement": kept})
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=changed)
        try:
            yield
        finally:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy))
