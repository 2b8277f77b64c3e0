"""An embedded AWS for a session of tests, in a build directory of their own, with the orchestrations side by side on it."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from scripts.compare.telemetry import parse_line
from scripts.embedded import environment as emulator
from scripts.only_one import only_one
from scripts.orchestrations import ORCHESTRATIONS
from scripts.package.layer import LOCAL
from scripts.paths import BUILD, Embedded

ROOT = Path(__file__).resolve().parents[1]

OUTPUT = "output-of-tests"
"""A bucket of the user's, to which all deployments may write results."""

INPUT = "input-of-tests"
"""Another, which all deployments may read."""

_VARIABLES = {"TF_VAR_output_buckets": json.dumps([OUTPUT]), "TF_VAR_input_buckets": json.dumps([INPUT])}
"""Of all deployments, whichever command makes them: `scripts.compare` deploys, too."""

_TIDYING_SECONDS = 60

_TRIES = 3
"""How often a deployment for tests is begun on an embedded AWS of its own, see `begin_anew`."""


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


def copy_layers(build: Path, other: Path) -> None:
    """Take the layers of one build directory over into another: pip needs seconds for them."""
    for path in [*build.glob("*layer.*"), *(build / LOCAL).iterdir()]:
        copy = other / path.relative_to(build)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)


def succeed(build: Path, module: str, *arguments: str) -> None:
    """Run one of the project's commands, which must end well."""
    done = run_module(build, module, *arguments)
    assert done.status == 0, done.out + done.err


@contextlib.contextmanager
def running(build: Path, *options: str) -> Iterator[str]:
    """An embedded AWS with packages at hand, started with the options; its endpoint. Stopped at the end, whatever happens.

    What pip and Terraform install comes from the repository's own build directory: they install it once for all tests.
    """
    for link, own in (build / "embedded" / "venv", emulator_environment()), (build / "terraform", BUILD / "terraform"):
        own.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(own)
    succeed(BUILD, "scripts.package")
    copy_layers(BUILD, build)
    succeed(build, "scripts.package")
    try:
        yield _started(build, *options)
    finally:
        succeed(build, "scripts.embedded", "down")


def _started(build: Path, *options: str) -> str:
    succeed(build, "scripts.embedded", "up", *options)
    endpoint: str = json.loads((build / "embedded" / "state.json").read_text())["endpoint_url"]
    return endpoint


def begin_anew(build: Path, error: AssertionError, *options: str) -> str:
    """Start another embedded AWS in place of one on which a deployment failed, and warn of it; the new endpoint.

    On a busy machine, an apply has hung in one of some hundred tries, see `scripts.embedded.server.replays`. What fails each
    time is an error.
    """
    log = (build / "embedded" / "log.txt").read_text(errors="replace")
    warnings.warn(f"a try to deploy failed: {error}; the embedded AWS said: {log[-2000:]}", stacklevel=2)
    succeed(build, "scripts.embedded", "down")
    return _started(build, *options)


@contextlib.contextmanager
def prepared(build: Path, prepare: Callable[[], object], *options: str) -> Iterator[str]:
    """An embedded AWS on which `prepare` has deployed something, at the last of some tries if need be; its endpoint."""
    with running(build, *options) as endpoint:
        for left in reversed(range(_TRIES)):
            try:
                prepare()
                break
            except AssertionError as error:
                if not left:
                    raise
                endpoint = begin_anew(build, error, *options)
        yield endpoint


@contextlib.contextmanager
def deploying(build: Path, *options: str) -> "Iterator[Cloud]":
    """An embedded AWS on which each orchestration is deployed when it is first needed."""
    with running(build, *options) as endpoint:
        yield Cloud(build, endpoint, options)


class Cloud:
    """The embedded AWS of a build directory: its deployments, and clients of its services as root."""

    def __init__(self, build: Path, endpoint_url: str, options: tuple[str, ...]) -> None:
        self.build = build
        self.endpoint_url = endpoint_url
        self._options = options
        self._deploying = threading.Lock()

    def deployment(self, orchestration: str) -> dict[str, Any]:
        """What the client is told of a deployment, which is made now if it is not there yet."""
        with self._deploying:
            if not record_path(self.build, orchestration).exists():
                self._deploy(orchestration)
        return record(self.build, orchestration)

    def _deploy(self, orchestration: str) -> None:
        wanted = [*(name for name in ORCHESTRATIONS if record_path(self.build, name).exists()), orchestration]
        for left in reversed(range(_TRIES)):
            try:
                for each in wanted:
                    if not record_path(self.build, each).exists():
                        deploy(self.build, each)
                return
            except AssertionError as error:
                if not left:
                    raise
                self.endpoint_url = begin_anew(self.build, error, *self._options)

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
        self.deployment(orchestration)
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
