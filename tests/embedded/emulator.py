"""A running emulator for tests: its commands, clients of it, and shortcuts to make things on it."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
import zipfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.embedded.server.repairs.workers import SIDE_BY_SIDE
from scripts.package.layer import LOCAL, make_layer
from scripts.package.platforms import this_machine
from scripts.paths import BUILD, ROOT

LIMIT = max(8, 4 * (os.cpu_count() or 1))
"""How many workers may compute at once."""

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


class Emulator:
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


def idle(emulator: Emulator) -> bool:
    return len(workers(emulator)) <= max(SIDE_BY_SIDE, 2 * LIMIT)


def workers(emulator: Emulator, function: str = "") -> list[int]:
    """Pids of the worker processes, of one function or all (Linux)."""
    pid, mark = int(emulator.shell.state()["pid"]), f"/ministack-lambda-{function}"
    return [member for member in group_members(pid) if mark in command_line(member)]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def task(name: str, **more: Any) -> dict[str, Any]:
    return {
        "StartAt": "T",
        "States": {
            "T": {"Type": "Task", "End": True, **more, "Resource": f"arn:aws:lambda:us-east-1:000000000000:function:{name}"}
        },
    }
