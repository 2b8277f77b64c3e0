"""Each row of the table: the one clear sentence, the right end, nothing started and nothing left."""

import importlib
import json
import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.ports import ports
from scripts import paths
from scripts.client.app import main as client
from scripts.client.aws.clients import Aws
from scripts.package import layer
from scripts.package.cli import main as package
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import LambdaError
from tests.fakes.deployed import workflow_record
from tests.fakes.deployments import Deployment
from tests.fakes.embedded import note_running
from tests.fakes.log_lines import parse_lines
from tests.integration.bad_inputs.table import (
    CALLS,
    COMMANDS,
    DEFINITIONS,
    EVENTS,
    Call,
    Command,
    Definition,
    Event,
)
from tests.integration.bad_inputs.variables import VARIABLES

FUNCTIONS = ("unum_map", "mapper", "partition", "reducer", "summary", "recorder")


def filled(template: Any, names: dict[str, str]) -> Any:
    """The template with names for its `{name}`s."""
    if isinstance(template, str):
        for name, value in names.items():
            template = template.replace(f"{{{name}}}", value)
        return template
    if isinstance(template, list):
        return [filled(item, names) for item in template]
    if isinstance(template, dict):
        return {key: filled(value, names) for key, value in template.items()}
    return template


def names_in(buckets: Buckets) -> dict[str, str]:
    own = {"shuffle": buckets.shuffle, "returns": buckets.returns, "results": buckets.results}
    return {**buckets.tables.names, **buckets.stages, **own}


@pytest.fixture
def asked(buckets: Buckets, moto_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A deployment that the client finds, with one finished run; each service that the client asks for anything but S3."""
    folder = tmp_path / "build" / "embedded" / "deployments"
    folder.mkdir(parents=True)
    record = {
        "orchestration": "http_sync_s3",
        "prefix": "wordcount",
        "region": "us-east-1",
        "account_id": "000000000000",
        "endpoint_url": moto_endpoint,
        "functions": {name: f"wordcount-http_sync_s3-{name}" for name in FUNCTIONS},
        "buckets": {"shuffle": buckets.shuffle, "returns": buckets.returns, "results": buckets.results},
        "state_machine_arn": None,
        "sfn_map_mode": None,
        "log_groups": {},
        "timeout_seconds": 300,
        "workflow": workflow_record("http_sync_s3"),
    }
    (folder / "http_sync_s3.json").write_text(json.dumps(record))
    note_running(folder.parent, moto_endpoint)
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    buckets.put(buckets.results, "used/result.json", {})
    services: list[str] = []

    def refuse(_: Aws, service: str) -> Any:
        services.append(service)
        raise AssertionError(f"the client asks {service}")

    monkeypatch.setattr(Aws, "client", refuse)
    monkeypatch.setattr(Aws, "warm_up", lambda *_: None)
    return services


def given_files(folder: Path, files: dict[str, bytes], names: dict[str, str]) -> None:
    (folder / "pipes").mkdir(parents=True)
    os.mkfifo(folder / "pipes" / "pipe")
    if not files:
        (folder / "loop").symlink_to(folder / "loop")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        # Not as text: some are none.
        for role, bucket in names.items():
            content = content.replace(f"{{{role}}}".encode(), bucket.encode())
        path.write_bytes(content)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("row", COMMANDS.values(), ids=COMMANDS)
def test_client_refuses_with_exit_code_2_before_anything_is_started(
    row: Command,
    asked: list[str],
    buckets: Buckets,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    names = {**names_in(buckets), "dir": str(tmp_path / "in")}
    given_files(tmp_path / "in", dict(row.files), names)
    (tmp_path / "stdin").write_bytes(row.stdin or b"")
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())

    with (tmp_path / "stdin").open() as stdin:
        monkeypatch.setattr("sys.stdin", None if row.stdin is None else stdin)
        try:
            status: Any = client(shlex.split(filled(row.arguments, names)))
        except SystemExit as ended:
            status = ended.code

    told = capfd.readouterr()
    assert status == 2, told.err
    assert filled(row.said, names) in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert told.err.rstrip("\n").count("\n") == 0 or told.err.startswith("usage:")
    assert asked == []
    assert buckets.everything() == ["used/result.json"]
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == files


@pytest.mark.parametrize("row", CALLS.values(), ids=CALLS)
def test_component_refuses_its_event_before_any_request(row: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    requests: list[str] = []
    monkeypatch.setattr(ports().s3, "_open", requests.append)
    component = importlib.import_module(f"functions.{row.function}.{row.function}").lambda_handler

    with pytest.raises(ValueError) as refused:  # noqa: PT011
        component(filled(row.event, {"shuffle": "the-shuffle"}), None)

    assert row.said in str(refused.value)
    assert requests == []


@pytest.mark.parametrize("row", EVENTS.values(), ids=EVENTS)
def test_function_refuses_its_event_and_leaves_nothing(
    row: Event, deploy: Callable[[str], Deployment], capfd: pytest.CaptureFixture[str]
) -> None:
    deployment = deploy(row.orchestration)
    names = names_in(deployment.buckets)
    # Names of tables and of a stage's buckets are the same roles.
    names |= deployment.buckets.tables.names if row.orchestration == "dynamodb_triggers" else deployment.buckets.stages

    error, message = outcome(deployment, row.function, filled(row.event, names), capfd)

    assert (error, filled(row.said, names) in message) == (row.error, True), message
    assert deployment.buckets.everything() == []
    assert (deployment.cluster.accepted, deployment.cluster.called) == ([], [])


def outcome(deployment: Deployment, function: str, event: Any, capfd: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """How an invocation failed: as Lambda's answer tells or, where the rest of an event must not fail with it, its log line."""
    try:
        answer = deployment.cluster.invoke(function, event)
    except LambdaError as failed:
        return failed.answer["errorType"], failed.answer["errorMessage"]
    assert answer["batchItemFailures"] == [{"itemIdentifier": "1"}]
    (line,) = parse_lines(capfd.readouterr().out)
    return line["error"], line["message"]


@pytest.mark.parametrize("row", DEFINITIONS.values(), ids=DEFINITIONS)
def test_package_refuses_a_definition_and_makes_nothing(
    row: Definition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = Path(shutil.copytree(paths.DEFINITIONS, tmp_path / "definitions")) / "wordcount.asl.json"
    monkeypatch.setattr(paths, "DEFINITIONS", tmp_path / "definitions")
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.setattr(layer, "_install", lambda *_: pytest.fail("wheels are fetched"))
    before = json.loads(path.read_text())
    path.unlink()
    if callable(row.content):
        path.write_text(json.dumps(row.content(before)))
    elif isinstance(row.content, str):
        path.write_text(row.content)
    elif isinstance(row.content, bytes):
        path.write_bytes(row.content)
    elif row.content is not None:
        path.mkdir()

    status = package([])

    told = capfd.readouterr().err
    assert status == 1
    assert told.startswith(f"package: {path}: ")
    assert row.said in told
    assert not (tmp_path / "build").exists()


def rules() -> dict[str, list[str]]:
    """What Terraform says where a rule is broken, by variable; a setting of one orchestration is called `sfn.map_mode`."""
    found: dict[str, list[str]] = {}
    for path in [paths.TERRAFORM / "variables.tf", *paths.TERRAFORM.glob("modules/*/variables.tf")]:
        for block in re.split(r'^variable "', path.read_text(), flags=re.MULTILINE)[1:]:
            name = block.partition('"')[0]
            for message in re.findall(r'error_message += "(.*)"\n', block):
                # Each rule of a setting begins with its name.
                found.setdefault(f"{path.parent.name}.{message.split()[0]}" if name == "settings" else name, []).append(message)
    return found


def refused() -> set[str]:
    """The variables for which a run of `terraform test` expects that the plan fails."""
    found = set()
    for path in (paths.TERRAFORM / "tests").glob("*.tftest.hcl"):
        for run in path.read_text().split('\nrun "')[1:]:
            failures = re.findall(r"var\.(\w+)", "".join(re.findall(r"expect_failures = \[(.*)\]", run)))
            found.update(failures)
            if "settings" in failures:
                orchestration = re.findall(r'source = "\./modules/(\w+)"', run)[0]
                found.update(
                    f"{orchestration}.{setting}" for setting in re.findall(r"(\w+) = ", run.partition("settings = {")[2])
                )
    return found


@pytest.mark.parametrize(("name", "said"), VARIABLES.items(), ids=VARIABLES)
def test_variable_is_refused_with_its_legal_values(name: str, said: str) -> None:
    # That the plan fails is for `terraform test` to see, which can't see what it says.
    assert any(said in message for message in rules()[name])
    assert name in refused()


def test_every_variable_with_a_rule_is_in_the_table() -> None:
    assert rules().keys() == VARIABLES.keys()
