"""The embedded AWS itself: its commands from a shell, and the repairs that make a local run behave as AWS does.

Real processes and the real ministack throughout, in a build directory of the tests' own.
"""

import contextlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded import environment
from scripts.embedded.errors import EnvironmentSetupError
from scripts.embedded.paths import Paths
from scripts.embedded.server.repairs.workers import SIDE_BY_SIDE
from scripts.package.layer import LOCAL, make_layer
from scripts.package.platforms import this_machine
from scripts.paths import BUILD

ROOT = Path(__file__).resolve().parents[2]
LEFT_BY_DOWN = {"lock", "log.txt", "venv"}

HANDLER = """
import os, time
import obstore
from obstore.store import S3Store

def store(event):
    return S3Store(event["bucket"], client_options={"allow_http": True})

class Refused(Exception):
    pass

def handler(event, context):
    print("request", context.aws_request_id)
    do = event.get("do") if isinstance(event, dict) else None
    if do == "raise":
        raise Refused("no: " + event.get("text", ""))
    if do == "exit":
        os._exit(3)
    if do == "return":
        return "x" * event["bytes"]
    if do == "environment":
        return dict(os.environ)
    if do == "sleep":
        time.sleep(event["seconds"])
    if do == "compute":
        end = time.process_time() + event["seconds"]
        while time.process_time() < end:
            pass
    if do == "wait":
        while sum(len(page) for page in obstore.list(store(event), prefix="done")) < event["count"]:
            time.sleep(0.2)
    if do == "get":
        try:
            obstore.get(store(event), event["key"])
        except Exception as error:
            return type(error).__name__
    if "key" in (event or {}) and do != "get":
        obstore.put(store(event), event["key"], b"", use_multipart=False)
    if "requestContext" in (event or {}):
        import json
        obstore.put(store(event["requestPayload"]), "record/" + context.aws_request_id, json.dumps(event).encode(),
                    use_multipart=False)
    if "Records" in (event or {}):
        began = time.time()
        time.sleep(3.0)
        obstore.put(S3Store(os.environ["BUCKET"], client_options={"allow_http": True}),
                    "stream/" + context.function_name, f"{began} {time.time()}".encode(), use_multipart=False)
    return event
"""

INVOKE = {"Effect": "Allow", "Action": ["lambda:InvokeFunction"], "Resource": "*"}
S3 = {"Effect": "Allow", "Action": ["s3:*"], "Resource": "*"}


class Shell:
    """Runs `python -m scripts.embedded ...` as a user would, against one build directory."""

    def __init__(self, build: Path) -> None:
        self.build = build
        self.home = build / "embedded"
        self.environment = {**os.environ, "MAPREDUCE_BUILD_DIR": str(build)}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "scripts.embedded", *arguments]

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*arguments), cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=240
        )

    def state(self) -> dict[str, Any]:
        return json.loads((self.home / "state.json").read_text())


@pytest.fixture(scope="session")
def venv() -> Path:
    """The repository's own emulator environment, so that it is installed once and not for each test."""
    paths = Paths.default()
    environment.prepare(paths)
    return paths.venv


@pytest.fixture
def shells(tmp_path: Path, venv: Path) -> Iterator[Callable[[], Shell]]:
    made: list[Shell] = []

    def make() -> Shell:
        shell = Shell(tmp_path / f"build{len(made)}")
        shell.home.mkdir(parents=True)
        (shell.home / "venv").symlink_to(venv)
        made.append(shell)
        return shell

    yield make
    for shell in made:
        shell.run("down")


@pytest.fixture
def shell(shells: Callable[[], Shell]) -> Shell:
    return shells()


class Cloud:
    """Clients of one running emulator, and shortcuts to make things on it."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.endpoint = str(shell.state()["endpoint_url"])
        self.s3, self.functions, self.iam, self.states, self.dynamodb, self.logs = (
            self.client(name) for name in ("s3", "lambda", "iam", "stepfunctions", "dynamodb", "logs")
        )

    def client(self, name: str) -> Any:
        return boto3.client(
            name,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 1}, read_timeout=120, max_pool_connections=80),
        )

    def bucket(self) -> str:
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=name)
        return name

    def role(self, *statements: dict[str, Any]) -> str:
        name = f"role-{uuid.uuid4().hex[:12]}"
        trust = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
        }
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        allowed = statements or (S3,)
        self.iam.put_role_policy(
            RoleName=name, PolicyName="policy", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": list(allowed)})
        )
        return str(role["Role"]["Arn"])

    def function(self, role: str | None = None, code: str = HANDLER, **settings: Any) -> str:
        name = f"function-{uuid.uuid4().hex[:12]}"
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("index.py", code)
        self.functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="index.handler",
            Role=role or self.role(),
            Code={"ZipFile": archive.getvalue()},
            **{"Timeout": 60, "MemorySize": 128, "Layers": [self.layer], **settings},
        )
        return name

    @cached_property
    def layer(self) -> str:
        """The packages that the project's own functions have."""
        make_layer("layer", this_machine(), BUILD / LOCAL)
        body = (BUILD / LOCAL / "layer.zip").read_bytes()
        made = self.functions.publish_layer_version(LayerName=f"layer-{uuid.uuid4().hex[:12]}", Content={"ZipFile": body})
        return str(made["LayerVersionArn"])

    def invoke(self, name: str, event: Any, kind: str = "RequestResponse") -> Any:
        answer = self.functions.invoke(FunctionName=name, InvocationType=kind, Payload=json.dumps(event).encode())
        text = answer["Payload"].read()
        return json.loads(text) if text else None

    def keys(self, bucket: str, prefix: str) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def log(self) -> str:
        return (self.shell.home / "log.txt").read_text()

    def requests(self, *, reset: bool = False) -> dict[str, Any]:
        url = self.endpoint + "/_embedded/requests" + ("/reset" if reset else "")
        body = b"" if reset else None
        with urllib.request.build_opener().open(url, data=body, timeout=10) as response:
            return json.load(response)

    def execute(self, definition: dict[str, Any], data: Any, seconds: float = 60, role: str | None = None) -> dict[str, Any]:
        machine = self.states.create_state_machine(
            name=f"machine-{uuid.uuid4().hex[:12]}", definition=json.dumps(definition), roleArn=role or self.role(INVOKE)
        )
        started = self.states.start_execution(
            stateMachineArn=machine["stateMachineArn"], input=json.dumps(data), name=f"run-{uuid.uuid4().hex[:8]}"
        )
        arn = started["executionArn"]
        until(lambda: self.states.describe_execution(executionArn=arn)["status"] != "RUNNING", seconds)
        return self.states.describe_execution(executionArn=arn)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, venv: Path) -> Iterator[Cloud]:
    shell = Shell(tmp_path_factory.mktemp("cloud"))
    shell.home.mkdir()
    (shell.home / "venv").symlink_to(venv)
    done = shell.run("up")
    assert done.returncode == 0, done.stderr
    yield Cloud(shell)
    shell.run("down")


def until(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def group_members(group: int) -> list[int]:
    """Pids in a process group, without zombies (Linux)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[2]) == group and fields[0] != "Z":
                    found.append(int(entry.name))
    return found


def code(error: "pytest.ExceptionInfo[ClientError]") -> str:
    return str(error.value.response["Error"]["Code"])


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads Linux's /proc")


# --- the commands -----------------------------------------------------------------------------------------------------


def test_up_status_down_from_a_shell(shell: Shell) -> None:
    assert shell.run("status").returncode == 3

    up = shell.run("up")

    assert up.returncode == 0, up.stderr
    state = shell.state()
    assert state["endpoint_url"] in up.stdout
    assert {"pid", "port", "endpoint_url", "started", "log", "tmpdir"} <= set(state)
    (shell.home / "deployments").mkdir()
    (shell.home / "deployments" / "sfn.json").write_text("{}")
    status = shell.run("status", "--json")
    assert status.returncode == 0
    facts = json.loads(status.stdout)
    assert facts["running"]
    assert facts["pid"] == state["pid"]
    assert facts["deployments"] == ["sfn"]
    assert facts["requests"]["total"] == 0
    assert shell.run("status").stdout.count(state["endpoint_url"]) == 1

    assert shell.run("down").returncode == 0

    assert {path.name for path in shell.home.iterdir()} == LEFT_BY_DOWN
    assert shell.run("status").returncode == 3
    assert shell.run("down").returncode == 0


def test_a_second_up_keeps_the_first(shell: Shell) -> None:
    shell.run("up")
    pid = shell.state()["pid"]

    again = shell.run("up")

    assert again.returncode == 0
    assert "already running" in again.stdout
    assert shell.state()["pid"] == pid


def test_two_build_directories_run_at_once(shells: Callable[[], Shell]) -> None:
    both = [shells(), shells()]
    with ThreadPoolExecutor() as pool:
        assert [done.returncode for done in pool.map(lambda one: one.run("up"), both)] == [0, 0]
    first, second = (one.state() for one in both)
    assert first["port"] != second["port"]
    both[0].run("down")
    assert both[1].run("status").returncode == 0


def test_a_named_port_that_is_taken_is_refused(shell: Shell) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        up = shell.run("up", "--port", str(port))
    assert up.returncode == 2
    assert f"port {port} is taken" in up.stderr
    assert {path.name for path in shell.home.iterdir()} <= LEFT_BY_DOWN


@linux
def test_down_ends_busy_workers_and_removes_their_files(shell: Shell) -> None:
    shell.run("up")
    state = shell.state()
    cloud = Cloud(shell)
    name = cloud.function()
    cloud.invoke(name, {"do": "sleep", "seconds": 50}, "Event")
    until(lambda: len(group_members(state["pid"])) >= 2, 10)

    began = time.monotonic()
    assert shell.run("down").returncode == 0

    assert time.monotonic() - began < 8
    assert group_members(state["pid"]) == []
    assert {path.name for path in shell.home.iterdir()} == LEFT_BY_DOWN


@linux
@pytest.mark.parametrize("command", ["down", "up"])
def test_workers_that_outlived_the_emulator_are_ended(shell: Shell, command: str) -> None:
    shell.run("up")
    old = shell.state()
    cloud = Cloud(shell)
    cloud.invoke(cloud.function(), {"do": "sleep", "seconds": 50}, "Event")
    until(lambda: len(group_members(old["pid"])) >= 2, 10)
    time.sleep(1)
    os.kill(old["pid"], signal.SIGKILL)
    until(lambda: old["pid"] not in group_members(old["pid"]), 5)
    assert group_members(old["pid"]), "the busy worker should live"

    assert shell.run(command).returncode == 0

    assert group_members(old["pid"]) == []


@linux
def test_records_of_a_killed_emulator_are_cleared(shell: Shell) -> None:
    shell.run("up")
    old = shell.state()
    for directory in ("deployments", "terraform"):
        (shell.home / directory).mkdir()
        (shell.home / directory / "sfn.json").write_text("{}")
    os.killpg(old["pid"], signal.SIGKILL)
    until(lambda: not group_members(old["pid"]), 5)
    assert shell.run("status").returncode == 3

    assert shell.run("up").returncode == 0

    assert shell.state()["token"] != old["token"]
    assert not (shell.home / "deployments").exists()
    assert not (shell.home / "terraform").exists()


def test_a_foreign_process_with_our_pid_is_left_alone(shell: Shell) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        (shell.home / "state.json").write_text(
            json.dumps(
                {
                    "pid": stranger.pid,
                    "port": 1,
                    "endpoint_url": "http://127.0.0.1:1",
                    "started": 0.0,
                    "log": "",
                    "tmpdir": "",
                    "token": "0123456789abcdef",
                    "auth": True,
                }
            )
        )
        assert shell.run("status").returncode == 3
        assert shell.run("down").returncode == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_an_interrupted_up_leaves_nothing_running(shell: Shell, number: signal.Signals) -> None:
    for _ in range(20):
        (shell.home / "log.txt").unlink(missing_ok=True)
        up = subprocess.Popen(
            shell.command("up"),
            cwd=ROOT,
            env=shell.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: (shell.home / "log.txt").exists(), 20)
        up.send_signal(number)
        if up.wait(timeout=20) != 0:
            break
        # It was ready before the signal came: that is no interruption.
        assert shell.run("down").returncode == 0
    else:
        pytest.fail("up was never interrupted in time")

    until(lambda: not _processes_below(shell.home / "tmp"), 10)
    assert not (shell.home / "state.json").exists()
    if number != signal.SIGKILL:
        assert {path.name for path in shell.home.iterdir()} <= LEFT_BY_DOWN


def _processes_below(tmp: Path) -> list[int]:
    """The emulators, and their workers, whose temporary directory this is."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid for pid in pids if _environment(pid).get("TMPDIR") == str(tmp)]


def _environment(pid: int) -> dict[str, str]:
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def test_a_server_that_cannot_start_shows_its_log(shells: Callable[[], Shell]) -> None:
    shell = shells()
    (shell.home / "venv").unlink()
    (shell.home / "venv" / "bin").mkdir(parents=True)
    (shell.home / "venv" / "bin" / "python").symlink_to(sys.executable)
    (shell.home / "venv" / "requirements.stamp").write_text(environment._stamp(Paths.default()))
    up = shell.run("up")
    assert up.returncode == 1
    assert "ended at once" in up.stderr
    assert "No module named" in up.stderr
    assert not (shell.home / "state.json").exists()
    assert not (shell.home / "tmp").exists()


def test_pip_failure_is_reported_with_its_cause(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "embedded.txt").write_text("./no-such-wheel-1.0-py3-none-any.whl\n")
    paths = Paths(root=tmp_path, build=tmp_path / "build")
    with pytest.raises(EnvironmentSetupError, match="no-such-wheel"):
        environment.prepare(paths)
    assert not paths.venv.exists()


def test_the_environment_is_remade_when_the_requirements_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements").mkdir()
    file = tmp_path / "requirements" / "embedded.txt"
    paths = Paths(root=tmp_path, build=tmp_path / "build")
    commands: list[list[str]] = []

    def pretend(command: list[str], _complaint: str) -> None:
        commands.append(command)
        paths.python.parent.mkdir(parents=True, exist_ok=True)
        paths.python.touch()

    monkeypatch.setattr(environment, "_run", pretend)
    for text, expected in (("a==1\n", 2), ("a==1\n", 2), ("a==2\n", 4)):
        file.write_text(text)
        environment.prepare(paths)
        assert len(commands) == expected


@linux
def test_it_listens_on_loopback_only(cloud: Cloud) -> None:
    cloud.invoke(cloud.function(), {})
    inodes = set()
    for pid in group_members(cloud.shell.state()["pid"]):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
    listeners = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/udp6"):
        for line in Path(table).read_text().splitlines()[1:] if Path(table).exists() else []:
            fields = line.split()
            if fields[9] in inodes and (fields[3] == "0A" or "udp" in table):
                listeners.append((table, fields[1].split(":")[0]))
    assert listeners == [("/proc/net/tcp", "0100007F")]


# --- S3 ---------------------------------------------------------------------------------------------------------------


def test_keys_above_1024_bytes_are_refused(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    cloud.s3.put_object(Bucket=bucket, Key="é" * 512, Body=b"")
    with pytest.raises(ClientError) as error:
        cloud.s3.put_object(Bucket=bucket, Key="é" * 512 + "x", Body=b"")
    assert code(error) == "KeyTooLongError"


def test_pages_hold_1000_keys_and_batches_delete_1000(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: cloud.s3.put_object(Bucket=bucket, Key=f"{n:04}", Body=b""), range(1001)))
    page = cloud.s3.list_objects_v2(Bucket=bucket, MaxKeys=5000)
    assert (page["KeyCount"], page["IsTruncated"]) == (1000, True)
    assert len(cloud.keys(bucket, "")) == 1001
    with pytest.raises(ClientError) as error:
        cloud.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"{n:04}"} for n in range(1001)]})
    assert code(error) == "MalformedXML"


def test_a_missing_key_is_403_without_list_bucket_and_404_with_it(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    get = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    listing = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"}
    event = {"do": "get", "bucket": bucket, "key": "missing"}
    assert cloud.invoke(cloud.function(cloud.role(get)), event) == "PermissionDeniedError"
    assert cloud.invoke(cloud.function(cloud.role(get, listing)), event) == "FileNotFoundError"


# --- Lambda -----------------------------------------------------------------------------------------------------------


def test_payload_limits(cloud: Cloud) -> None:
    name = cloud.function()
    cloud.invoke(name, "x" * 1_000_000, "Event")
    for kind, size in (("Event", 1_048_576), ("RequestResponse", 6_291_456)):
        with pytest.raises(ClientError) as error:
            cloud.invoke(name, "x" * size, kind)
        assert code(error) == "RequestEntityTooLargeException"
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert cloud.invoke(name, {"do": "return", "bytes": 6_300_000})["errorType"] == "Function.ResponseSizeTooLarge"


def test_errors_carry_class_name_and_stack(cloud: Cloud) -> None:
    name = cloud.function()
    error = cloud.invoke(name, {"do": "raise", "text": "two\nlines: x"})
    assert (error["errorType"], error["errorMessage"]) == ("Refused", "no: two\nlines: x")
    (frame,) = error["stackTrace"]
    assert frame.startswith('  File "')
    assert "raise Refused" in frame
    assert cloud.invoke(name, {"do": "exit"})["errorType"] == "Runtime.ExitError"


def test_workers_see_what_aws_sets_and_nothing_of_the_caller(cloud: Cloud) -> None:
    group = f"/logs/{uuid.uuid4().hex}"
    name = cloud.function(LoggingConfig={"LogGroup": group, "LogFormat": "JSON"})
    seen = cloud.invoke(name, {"do": "environment"})
    assert (seen["AWS_LAMBDA_LOG_GROUP_NAME"], seen["AWS_LAMBDA_FUNCTION_NAME"]) == (group, name)
    assert (seen["AWS_REGION"], seen["AWS_EXECUTION_ENV"]) == ("us-east-1", "AWS_Lambda_python3.13")
    assert "MAPREDUCE_BUILD_DIR" not in seen
    assert seen["AWS_ACCESS_KEY_ID"].startswith("ASIA")


def test_an_event_that_fails_for_good_reaches_the_destination(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    name, recorder = cloud.function(cloud.role(S3, INVOKE)), cloud.function()
    target = cloud.functions.get_function(FunctionName=recorder)["Configuration"]["FunctionArn"]
    cloud.functions.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": target}}
    )
    event = {"do": "raise", "text": "text", "bucket": bucket}

    cloud.invoke(name, event, "Event")

    until(lambda: bool(cloud.keys(bucket, "record/")), 20)
    record = json.loads(cloud.s3.get_object(Bucket=bucket, Key=cloud.keys(bucket, "record/")[0])["Body"].read())
    assert record["requestPayload"] == event
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["requestContext"]["functionArn"].endswith(f":function:{name}:$LATEST")
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert record["responsePayload"]["errorType"] == "Refused"
    messages = [entry["message"] for entry in cloud.logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]]
    assert messages.count(f"request {record['requestContext']['requestId']}") == 2, "both attempts have one request id"


def test_a_role_that_may_not_invoke_the_destination_loses_the_record(cloud: Cloud) -> None:
    bucket, recorder = cloud.bucket(), cloud.function()
    target = cloud.functions.get_function(FunctionName=recorder)["Configuration"]["FunctionArn"]
    other = {**INVOKE, "Resource": f"{target}-other"}
    name = cloud.function(cloud.role(S3, other))
    cloud.functions.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": target}}
    )

    cloud.invoke(name, {"do": "raise", "text": "text", "bucket": bucket}, "Event")

    until(lambda: f"not authorized to perform: lambda:InvokeFunction on resource: {target} " in cloud.log(), 20)
    time.sleep(0.5)
    assert cloud.keys(bucket, "record/") == []


@pytest.mark.parametrize("source", ["nothing", "another bucket"])
def test_s3_may_notify_only_functions_whose_policy_allows_the_bucket(cloud: Cloud, source: str) -> None:
    bucket, results = cloud.bucket(), cloud.bucket()
    name = cloud.function(Environment={"Variables": {"BUCKET": results}})
    arn = cloud.functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    notification = {
        "Bucket": bucket,
        "NotificationConfiguration": {
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    }

    def allow(one: str) -> None:
        cloud.functions.add_permission(
            FunctionName=name,
            StatementId=f"from-{one}",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn=f"arn:aws:s3:::{one}",
            SourceAccount="000000000000",
        )

    if source == "another bucket":
        allow(results)
    with pytest.raises(ClientError) as error:
        cloud.s3.put_bucket_notification_configuration(**notification)
    assert code(error) == "InvalidArgument"
    allow(bucket)
    cloud.s3.put_bucket_notification_configuration(**notification)
    cloud.s3.put_object(Bucket=bucket, Key="seen", Body=b"")
    until(lambda: cloud.keys(results, "stream/") == [f"stream/{name}"], 20)
    cloud.s3.delete_object(Bucket=results, Key=f"stream/{name}")

    cloud.functions.remove_permission(FunctionName=name, StatementId=f"from-{bucket}")
    cloud.s3.put_object(Bucket=bucket, Key="unseen", Body=b"")

    until(lambda: f"may not invoke {arn} for arn:aws:s3:::{bucket}:" in cloud.log().rpartition("InvalidArgument")[2], 20)
    time.sleep(4.0)
    assert cloud.keys(results, "stream/") == []


def test_throttled_events_are_not_lost(cloud: Cloud) -> None:
    bucket, name = cloud.bucket(), cloud.function()
    cloud.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    cloud.requests(reset=True)
    for number in range(12):
        cloud.invoke(name, {"do": "sleep", "seconds": 0.5, "bucket": bucket, "key": f"done/{number}"}, "Event")
    until(lambda: len(cloud.keys(bucket, "done")) == 12, 60)
    counts = cloud.requests()["counts"]
    assert counts["lambda.throttles"] > 3
    assert counts["lambda.invocations"] == 12


def test_waiting_invocations_do_not_starve_those_they_wait_for(cloud: Cloud) -> None:
    bucket, name = cloud.bucket(), cloud.function()
    began = time.monotonic()
    for _ in range(30):
        cloud.invoke(name, {"do": "wait", "count": 30, "bucket": bucket}, "Event")
    for number in range(30):
        event = {"do": "compute", "seconds": 0.05, "bucket": bucket, "key": f"done/{number}"}
        cloud.invoke(name, event, "Event")
    until(lambda: len(cloud.keys(bucket, "done")) == 30, 150)
    print(f"30 waiting and 30 working: {time.monotonic() - began:.1f} s")
    until(lambda: cloud.invoke(name, {}) == {} and idle(cloud), 20)


LIMIT = max(8, 4 * (os.cpu_count() or 1))


def idle(cloud: Cloud) -> bool:
    return len(workers(cloud)) <= max(SIDE_BY_SIDE, 2 * LIMIT)


def workers(cloud: Cloud, function: str = "") -> list[int]:
    """Pids of the worker processes, of one function or all (Linux)."""
    pid, mark = int(cloud.shell.state()["pid"]), f"/ministack-lambda-{function}"
    return [member for member in group_members(pid) if mark in command_line(member)]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


@linux
def test_a_fan_out_of_200_starts_few_processes_and_keeps_fewer(cloud: Cloud) -> None:
    bucket, name = cloud.bucket(), cloud.function()
    most = 0
    began = time.monotonic()

    def start(number: int) -> None:
        cloud.invoke(name, {"do": "compute", "seconds": 0.02, "bucket": bucket, "key": f"done/{number}"}, "Event")

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(start, range(200)))
    while len(cloud.keys(bucket, "done")) < 200:
        assert time.monotonic() - began < 90
        most = max(most, len(workers(cloud, name)))
        time.sleep(0.1)
    print(f"200 invocations: {time.monotonic() - began:.1f} s, {most} processes at most, {len(workers(cloud, name))} after")
    assert most <= 3 * LIMIT + 8
    until(lambda: idle(cloud), 10)


def test_requests_are_counted_exactly(cloud: Cloud) -> None:
    bucket, name = cloud.bucket(), cloud.function()
    cloud.requests(reset=True)
    cloud.s3.put_object(Bucket=bucket, Key="a/b", Body=b"")
    cloud.s3.head_object(Bucket=bucket, Key="a/b")
    cloud.s3.get_object(Bucket=bucket, Key="a/b")
    cloud.s3.list_objects_v2(Bucket=bucket)
    cloud.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a/b"}]})
    cloud.invoke(name, {"bucket": bucket, "key": "c"})
    cloud.dynamodb.list_tables()
    cloud.states.list_state_machines()
    cloud.iam.list_roles()
    report = cloud.requests()
    assert report["counts"] == {
        "s3.PutObject": 2,
        "s3.HeadObject": 1,
        "s3.GetObject": 1,
        "s3.ListObjectsV2": 1,
        "s3.DeleteObjects": 1,
        "lambda.Invoke": 1,
        "lambda.invocations": 1,
        "dynamodb.ListTables": 1,
        "states.ListStateMachines": 1,
        "iam.ListRoles": 1,
    }
    assert report["total"] == 10
    assert report["functions"] == {name: 1}


def test_streams_of_three_tables_are_read_at_the_same_time(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    role = cloud.role({"Effect": "Allow", "Action": ["s3:*", "dynamodb:*"], "Resource": "*"})
    tables, names = [], []
    for _ in range(3):
        names.append(cloud.function(role, Environment={"Variables": {"BUCKET": bucket}}))
        tables.append(f"table-{uuid.uuid4().hex[:8]}")
        table = cloud.dynamodb.create_table(
            TableName=tables[-1],
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )
        cloud.functions.create_event_source_mapping(
            EventSourceArn=table["TableDescription"]["LatestStreamArn"],
            FunctionName=names[-1],
            StartingPosition="TRIM_HORIZON",
            BatchSize=1,
        )
    for table_name in tables:
        cloud.dynamodb.put_item(TableName=table_name, Item={"k": {"S": "1"}})
    until(lambda: len(cloud.keys(bucket, "stream/")) == 3, 60)
    bodies = [cloud.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in cloud.keys(bucket, "stream/")]
    spans = [[float(moment) for moment in body.split()] for body in bodies]
    assert max(began for began, _ended in spans) < min(ended for _began, ended in spans), "one after the other"


# --- Step Functions ---------------------------------------------------------------------------------------------------


def task(name: str, **more: Any) -> dict[str, Any]:
    return {
        "StartAt": "T",
        "States": {
            "T": {"Type": "Task", "End": True, **more, "Resource": f"arn:aws:lambda:us-east-1:000000000000:function:{name}"}
        },
    }


def test_data_limit_is_enforced_and_terminal(cloud: Cloud) -> None:
    catch = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "T"}]}
    done = cloud.execute(task(cloud.function(), **catch), {"do": "return", "bytes": 300_000})
    assert (done["status"], done["error"]) == ("FAILED", "States.DataLimitExceeded")
    with pytest.raises(ClientError):
        cloud.execute(task(cloud.function()), "x" * 262_144)


def test_retry_matches_the_class_name(cloud: Cloud) -> None:
    retry = {"Retry": [{"ErrorEquals": ["Refused"], "IntervalSeconds": 0, "MaxAttempts": 2}]}
    name = cloud.function()
    done = cloud.execute(task(name, **retry), {"do": "raise"})
    assert done["error"] == "Refused"
    assert json.loads(done["cause"])["errorType"] == "Refused"
    assert cloud.requests()["functions"][name] == 3


def test_result_selectors_read_the_context(cloud: Cloud) -> None:
    selector = {"ResultSelector": {"run.$": "$$.Execution.Name", "state.$": "$$.State.Name", "value.$": "$.v"}}
    done = cloud.execute(task(cloud.function(), **selector), {"v": 1})
    output = json.loads(done["output"])
    assert output["run"].startswith("run-")
    assert (output["state"], output["value"]) == ("T", 1)


@linux
@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_a_map_of_100_starts_few_processes(cloud: Cloud, mode: str) -> None:
    name = cloud.function()
    processor: dict[str, Any] = {**task(name), "ProcessorConfig": {"Mode": mode}}
    if mode == "DISTRIBUTED":
        processor["ProcessorConfig"]["ExecutionType"] = "STANDARD"
    definition = {"StartAt": "M", "States": {"M": {"Type": "Map", "End": True, "ItemProcessor": processor}}}
    most = 0
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(cloud.execute, definition, [{"n": n} for n in range(100)])
        while not running.done():
            most = max(most, len(workers(cloud, name)))
            time.sleep(0.1)
    assert json.loads(running.result()["output"]) == [{"n": n} for n in range(100)]
    assert most <= 3 * LIMIT + 8


def test_children_of_a_distributed_map_have_their_own_context(cloud: Cloud) -> None:
    look = {"own.$": "$$.Execution.Name", "run.$": "$.run", "index.$": "$.index"}
    states = {"P": {"Type": "Pass", "Parameters": look, "End": True}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": states}
    selector = {"run.$": "$$.Execution.Name", "index.$": "$$.Map.Item.Index"}
    definition = {
        "StartAt": "M",
        "States": {"M": {"Type": "Map", "End": True, "ItemSelector": selector, "ItemProcessor": processor}},
    }

    done = cloud.execute(definition, ["a"])

    (child,) = json.loads(done["output"])
    assert child["run"] == done["name"]
    assert child["own"] != done["name"]
    assert child["index"] == 0
    states["P"]["Parameters"] = {"index.$": "$$.Map.Item.Index"}
    assert cloud.execute(definition, ["a"])["status"] == "FAILED"


def test_a_path_that_is_not_there_fails_the_state(cloud: Cloud) -> None:
    def run(parameters: dict[str, Any]) -> dict[str, Any]:
        state = {"Type": "Pass", "Parameters": parameters, "End": True}
        return cloud.execute({"StartAt": "P", "States": {"P": state}}, {"Fan-out": {"Index": 1}, "empty": None, "l": [{"n": 1}]})

    given = {"a.$": "$['Fan-out'].Index", "b.$": "$.empty", "c.$": "$.l[*].n", "d": {"e.$": "$.l[0]"}}
    assert json.loads(run(given)["output"]) == {"a": 1, "b": None, "c": [1], "d": {"e": {"n": 1}}}
    for missing in ({"a.$": "$.nope"}, {"a": {"b.$": "$.l[1]"}}, {"a.$": "$$.Map.Item.Index"}):
        done = run(missing)
        assert (done["status"], done["error"]) == ("FAILED", "States.Runtime")


def test_starting_the_same_execution_twice(cloud: Cloud) -> None:
    machine = cloud.states.create_state_machine(
        name=f"machine-{uuid.uuid4().hex[:12]}", definition=json.dumps(task(cloud.function())), roleArn=cloud.role()
    )
    start = {"stateMachineArn": machine["stateMachineArn"], "name": "run-1", "input": '{"do": "sleep", "seconds": 1}'}
    first = cloud.states.start_execution(**start)
    assert cloud.states.start_execution(**start)["executionArn"] == first["executionArn"]
    with pytest.raises(ClientError) as error:
        cloud.states.start_execution(**{**start, "input": "{}"})
    assert code(error) == "ExecutionAlreadyExists"


def test_a_machine_needs_a_role_that_may_invoke_the_function(cloud: Cloud) -> None:
    name = cloud.function()
    role = cloud.role({**INVOKE, "Resource": f"arn:aws:lambda:us-east-1:000000000000:function:{name}-other"})
    done = cloud.execute(task(name), {}, role=role)
    assert (done["status"], done["error"]) == ("FAILED", "Lambda.AWSLambdaException")
    assert "not authorized to perform: lambda:InvokeFunction" in done["cause"]
    assert done["cause"].partition(" (Service")[0] in cloud.log()
    processor = {**task(name), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    mapped = {"StartAt": "M", "States": {"M": {"Type": "Map", "End": True, "ItemProcessor": processor}}}
    assert cloud.execute(mapped, [{}], role=role)["status"] == "FAILED"
    assert cloud.execute(mapped, [{}])["status"] == "SUCCEEDED"


def test_a_distributed_map_fails_when_the_input_of_a_child_cannot_be_made(cloud: Cloud) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": True}},
    }

    def run(path: str) -> dict[str, Any]:
        state = {"Type": "Map", "End": True, "ItemSelector": {"run.$": path}, "ItemProcessor": processor}
        return cloud.execute({"StartAt": "M", "States": {"M": state}}, [1, 2])

    assert json.loads(run("$[0]")["output"]) == [{"run": 1}, {"run": 1}]
    done = run("$.nope")
    assert (done["status"], done["error"]) == ("FAILED", "States.Runtime")
