"""The packages that a job's requirements.txt asks for, where a job is tried; fetching them stands in tests/unit/package."""

import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scripts import paths
from scripts.client.errors import UsageError
from scripts.inline import packages
from scripts.jobs.job import Job
from scripts.package.layer import LayerError
from tests.unit.inline.conftest import MakeJob


@pytest.fixture
def job(make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    return Job.read(make_job(**{"requirements.txt": "made_up==1\n"}))


def fetched(version: int) -> Any:
    """What makes the layer with a version of the package."""

    def make_layer(name: str, platform: Any, folder: Path, asked: Path) -> bool:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.stamp").write_text(str(version))
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr("python/made_up.py", f"VERSION = {version}")
        return True

    return make_layer


def version_of(job: Job, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.delitem(sys.modules, "made_up", raising=False)
    with packages.packages_of(job):
        import made_up

        version: int = made_up.VERSION
    return version


def test_packages_are_importable_for_the_job_alone_and_fetched_again_when_they_change(
    job: Job, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for version in (1, 2, 2):
        monkeypatch.setattr(packages, "make_layer", fetched(version))
        assert version_of(job, monkeypatch) == version

    assert not any("made_up" in name or str(job.build) in name for name in sys.path)
    assert capfd.readouterr().err.count("fetching the packages of") == 1


def test_package_that_cannot_be_fetched_is_told(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def make_layer(*_: Any) -> bool:
        raise LayerError("there is no wheel of made_up")

    monkeypatch.setattr(packages, "make_layer", make_layer)

    with pytest.raises(UsageError, match="there is no wheel of made_up"), packages.packages_of(job):
        pytest.fail("the job ran")


def test_job_that_asks_for_nothing_gets_nothing(make_job: MakeJob) -> None:
    before = list(sys.path)

    with packages.packages_of(Job.read(make_job())):
        assert sys.path == before
