"""Which deployment is chosen, and what is said when there is none."""

import json
import os
import subprocess

import pytest

from scripts import paths
from scripts.client import cli
from scripts.client.deployment import Deployment, find_deployments
from scripts.client.errors import ClientError, NothingDeployedError, UsageError
from scripts.client.input.layout import layout_of, told_to_mappers
from scripts.client.running import preparing
from tests.fakes.deployed import workflow_record
from tests.fakes.embedded import note_running


def record(orchestration, endpoint="http://127.0.0.1:4566", prefix="wordcount", region="us-east-1"):
    return {
        "orchestration": orchestration,
        "prefix": prefix,
        "region": region,
        "account_id": "000000000000",
        "endpoint_url": endpoint,
        "functions": {},
        "buckets": {"shuffle": "s", "returns": "r", "results": "x"},
        "state_machine_arn": None,
        "sfn_map_mode": None,
        "log_groups": {},
        "timeout_seconds": 300,
        "workflow": workflow_record(orchestration),
        "added_by_a_later_version": 1,
    }


@pytest.fixture(autouse=True)
def build(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    monkeypatch.setattr(paths, "TERRAFORM", tmp_path / "terraform")
    monkeypatch.delenv("TF_DATA_DIR", raising=False)
    (tmp_path / "build" / "embedded" / "deployments").mkdir(parents=True)
    (tmp_path / "terraform").mkdir()
    return tmp_path / "build" / "embedded"


@pytest.fixture
def embedded(build):
    note_running(build)

    def deploy(*orchestrations):
        for name in orchestrations:
            (build / "deployments" / f"{name}.json").write_text(json.dumps(record(name)))

    return deploy


@pytest.fixture
def terraform(tmp_path, monkeypatch):
    """A terraform on the PATH whose workspaces are what the test says."""

    def install(workspaces):
        (tmp_path / "terraform" / ".terraform").mkdir()
        for name, orchestration in workspaces.items():
            value = {"deployment": {"value": record(orchestration, None)}} if orchestration else {}
            (tmp_path / f"{name}.out").write_text(json.dumps(value))
        listing = "\n".join(f"{'*' if i == 0 else ' '} {name}" for i, name in enumerate(workspaces))
        script = tmp_path / "bin" / "terraform"
        script.parent.mkdir()
        script.write_text(
            f'#!/bin/sh\n[ -z "$TF_CLI_CONFIG_FILE" ] || exit 9\ncase "$2" in workspace) echo "{listing}";;\n'
            f'output) cat "{tmp_path}/$TF_WORKSPACE.out";; esac\n'
        )
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
        monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "missing.rc"))

    return install


def names(found):
    return [deployment.orchestration for deployment in found]


def test_the_embedded_aws_comes_first_when_it_is_up(embedded, terraform):
    embedded("sfn", "http_sync_s3")
    terraform({"default": "sfn"})

    found = find_deployments()

    assert names(found) == ["http_sync_s3", "sfn"]
    assert all(deployment.is_embedded for deployment in found)


def test_an_account_is_asked_when_it_is_not(build, terraform):
    (build / "deployments" / "http_sync_s3.json").write_text(json.dumps(record("http_sync_s3")))
    terraform({"default": None, "sfn": "sfn"})

    found = find_deployments()

    assert names(found) == ["sfn"]
    assert not found[0].is_embedded


def test_the_target_can_be_forced(embedded, terraform):
    embedded("http_sync_s3")
    terraform({"default": "sfn"})

    assert names(find_deployments("aws")) == ["sfn"]
    assert names(find_deployments("embedded")) == ["http_sync_s3"]


def test_one_orchestration_is_picked(embedded):
    embedded("sfn", "http_sync_s3")

    assert names(find_deployments("auto", "sfn")) == ["sfn"]


@pytest.fixture
def side_by_side(embedded, build):
    embedded("sfn")
    for prefix, region in (("mine", "us-east-1"), ("mine", "eu-west-1")):
        told = record("sfn", prefix=prefix, region=region)
        (build / "deployments" / f"{prefix}-sfn-{region}.json").write_text(json.dumps(told))


@pytest.mark.usefixtures("side_by_side")
@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ((None, None), ["mine-sfn-eu-west-1", "mine-sfn-us-east-1", "wordcount-sfn-us-east-1"]),
        (("wordcount", None), ["wordcount-sfn-us-east-1"]),
        (("mine", None), ["mine-sfn-eu-west-1", "mine-sfn-us-east-1"]),
        (("mine", "eu-west-1"), ["mine-sfn-eu-west-1"]),
    ],
)
def test_prefix_and_region_pick_one_of_several(asked, names):
    assert sorted(deployment.name for deployment in find_deployments("auto", "sfn", *asked)) == names


@pytest.mark.usefixtures("side_by_side")
def test_a_prefix_that_is_not_deployed_is_told_with_what_is_and_how_to_deploy_it():
    with pytest.raises(NothingDeployedError) as told:
        find_deployments("auto", "sfn", "theirs")

    assert str(told.value) == (
        "sfn of prefix theirs is not deployed on the embedded AWS, but mine-sfn-eu-west-1, mine-sfn-us-east-1, "
        "wordcount-sfn-us-east-1 is; deploy with: make local-deploy ORCHESTRATION=sfn PREFIX=theirs"
    )


@pytest.mark.usefixtures("side_by_side")
@pytest.mark.parametrize(
    ("options", "how"),
    [([], "--prefix and --region"), (["--prefix", "mine"], "--region"), (["--region", "us-east-1"], "--prefix")],
)
def test_nobody_guesses_which_of_several_is_meant(options, how):
    with pytest.raises(UsageError, match=f"several deployments are there; choose one with {how}: "):
        preparing._choose(cli.parse([*options, "words.txt"]))


def dead_pid():
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.parametrize("state", [None, "", "{}", '{"pid": null}', '{"pid": "x"}', "dead"])
def test_a_stale_state_is_not_up(build, state):
    if state == "dead":
        note_running(build, pid=dead_pid())
    elif state is not None:
        (build / "state.json").write_text(state)
    (build / "deployments" / "sfn.json").write_text(json.dumps(record("sfn")))

    with pytest.raises(NothingDeployedError, match="make local-up local-deploy"):
        find_deployments()
    with pytest.raises(NothingDeployedError, match="is not running"):
        find_deployments("embedded")


def test_nothing_deployed_says_how_to_deploy(embedded):
    with pytest.raises(NothingDeployedError, match="make local-deploy ORCHESTRATION=sfn") as none:
        find_deployments()
    assert none.value.exit_code == 4


def test_another_orchestration_deployed_is_named(embedded):
    embedded("sfn")

    with pytest.raises(NothingDeployedError, match=r"http_sync_s3 is not deployed .* but wordcount-sfn-us-east-1 is"):
        find_deployments("auto", "http_sync_s3")


@pytest.mark.parametrize("body", ["{", "[]", '{"orchestration": "sfn"}', json.dumps(record("sfn") | {"buckets": {}})])
def test_a_broken_record_is_named(embedded, build, body):
    (build / "deployments" / "sfn.json").write_text(body)

    with pytest.raises(ClientError, match=r"sfn\.json"):
        find_deployments()


def test_a_failing_terraform_says_why(terraform, tmp_path):
    terraform({"default": None})
    (tmp_path / "bin" / "terraform").write_text("#!/bin/sh\necho 'Error: state is locked' >&2; exit 1\n")

    with pytest.raises(ClientError, match="state is locked"):
        find_deployments()


def test_no_terraform_is_told(terraform, monkeypatch):
    terraform({"default": None})
    monkeypatch.setenv("PATH", "/nonexistent")

    with pytest.raises(NothingDeployedError, match="Terraform isn't installed"):
        find_deployments()


def test_a_record_without_tables_and_timeouts_is_readable():
    deployment = Deployment.parse(record("sfn"), "here")

    assert (deployment.tables, deployment.timeouts) == ({}, {})
    assert deployment.timeout_of("mapper") == 300


def test_a_record_without_a_layout_is_one_of_objects():
    assert Deployment.parse(record("sfn"), "here").shuffle == "objects"


def test_layout_and_memory_are_read():
    told = {"shuffle": "packed", "memory_mb": {"mapper": 1769}}

    deployment = Deployment.parse(record("sfn") | told, "here")

    assert (deployment.shuffle, deployment.memory_mb) == ("packed", {"mapper": 1769})


@pytest.mark.parametrize(
    ("asked", "deployed", "layout", "told"),
    [
        (None, "objects", "objects", None),
        ("objects", "objects", "objects", None),
        ("packed", "objects", "packed", "packed"),
        (None, "packed", "packed", "packed"),
        ("objects", "packed", "objects", "objects"),
    ],
)
def test_a_wish_goes_before_the_deployment_and_mappers_are_told_all_but_plain_objects(asked, deployed, layout, told):
    deployment = Deployment.parse(record("sfn") | {"shuffle": deployed}, "here")

    assert layout_of(asked, deployment) == layout
    assert told_to_mappers(layout, deployment) == told


def test_a_record_with_null_for_what_is_not_there_is_readable():
    assert Deployment.parse(record("sfn") | {"tables": None, "timeouts": None}, "here").tables == {}


def test_tables_and_timeouts_are_read():
    told = {"tables": {"mapper-input": "t"}, "timeouts": {"unum_map": 900}, "buckets": {"shuffle": "s", "results": "x"}}

    deployment = Deployment.parse(record("dynamodb_triggers") | told, "here")

    assert deployment.table("mapper-input") == "t"
    assert deployment.timeout_of("unum_map") == 900
    assert deployment.timeout_of("mapper") == 300
    for lacking in (lambda: deployment.bucket("returns"), lambda: deployment.table("results"), lambda: deployment.function("x")):
        with pytest.raises(ClientError, match="deploy again"):
            lacking()
