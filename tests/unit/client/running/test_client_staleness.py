"""A run on code that is not the code here is told so."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from scripts import paths
from scripts.client.deployment import Deployment
from scripts.client.running.staleness import stale
from scripts.package import sources
from scripts.package.source import Source
from tests.unit.client.test_client_deployment import record


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what packages are made from."""
    for name in ("functions", "runtime", "definitions", "requirements"):
        shutil.copytree(paths.ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("functions", "definitions", "requirements"):
        monkeypatch.setattr(paths, name.upper(), tmp_path / name)
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    return tmp_path


def deployed(orchestration: str = "sfn", endpoint: str | None = "http://127.0.0.1:4566") -> Deployment:
    told = record(orchestration, endpoint) | {"sources": sources.digest(orchestration, Source())}
    return Deployment.parse(told, "test")


def test_deployment_of_what_is_here_is_not_noted(checkout: Path) -> None:
    assert stale(deployed()) is None


@pytest.mark.parametrize(
    "edited",
    [
        "functions/mapper/user_map.py",
        "functions/reducer/helper/new.py",
        "runtime/mapreduce/keys.py",
        "requirements/runtime.txt",
    ],
)
def test_edit_since_the_deployment_is_noted_with_the_way_to_deploy_it(checkout: Path, edited: str) -> None:
    deployment = deployed()
    (checkout / edited).parent.mkdir(exist_ok=True)
    with (checkout / edited).open("a") as file:
        file.write("\n")

    note = stale(deployment)

    assert note is not None
    assert "make local-deploy ORCHESTRATION=sfn" in note


def test_deleted_file_is_noted_and_on_an_account_the_way_is_another(checkout: Path) -> None:
    deployment = deployed(endpoint=None)
    (checkout / "runtime" / "mapreduce" / "keys.py").unlink()

    assert "make deploy ORCHESTRATION=sfn" in (stale(deployment) or "")


@pytest.mark.parametrize("touched", ["functions/unum_map/unum_map.py", "functions/mapper/__pycache__/a.pyc", "README.md"])
def test_what_is_in_no_package_of_the_orchestration_is_not_noted(checkout: Path, touched: str) -> None:
    deployment = deployed()
    (checkout / touched).parent.mkdir(exist_ok=True)
    (checkout / touched).write_text("x")

    assert stale(deployment) is None


def test_edge_that_changed_is_noted_and_a_blank_in_the_workflows_file_is_not(checkout: Path) -> None:
    deployment, workflow = deployed(), checkout / "definitions" / "wordcount.asl.json"
    workflow.write_text(workflow.read_text() + "\n")
    assert stale(deployment) is None

    workflow.write_text(workflow.read_text().replace('"Resource": "summary"', '"Resource": "reducer2"'))
    assert "can't be told: definitions/wordcount.asl.json: state " in (stale(deployment) or "")

    shutil.copytree(checkout / "functions" / "summary", checkout / "functions" / "reducer2")
    (checkout / "functions" / "reducer2" / "reducer2.py").touch()
    assert "make local-deploy" in (stale(deployment) or "")


def test_way_to_deploy_names_what_is_not_the_default(checkout: Path) -> None:
    deployment = dataclasses.replace(deployed(), prefix="mine", region="eu-west-1")
    (checkout / "runtime" / "new.py").touch()

    assert (stale(deployment) or "").endswith("make local-deploy ORCHESTRATION=sfn PREFIX=mine REGION=eu-west-1")


def test_deployment_of_another_job_is_compared_with_that_job(checkout: Path) -> None:
    job = checkout / "my job"
    job.mkdir()
    for name in ("user_map.py", "user_reduce.py"):
        (job / name).write_text("# another job\n")
    deployment = dataclasses.replace(deployed(), prefix="my-job", sources=sources.digest("sfn", Source(job=job)))
    assert stale(deployment) is None

    (job / "user_map.py").write_text("# edited\n")

    assert (stale(deployment) or "").endswith("make local-deploy ORCHESTRATION=sfn JOB='my job'")


def test_record_of_an_older_version_is_not_noted(checkout: Path) -> None:
    assert stale(dataclasses.replace(deployed(), sources=None)) is None


def test_sources_that_cannot_be_read_fail_no_run(checkout: Path) -> None:
    deployment = deployed()
    (checkout / "requirements" / "redis.txt").unlink()

    assert "can't be told" in (stale(deployment) or "")
