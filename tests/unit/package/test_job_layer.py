"""The layer of a job's requirements: when it is made again, and what is told when pip refuses. No wheel is fetched here."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripts import paths
from scripts.package import layer
from scripts.package.layer import JOB_LAYER, LayerError, make_layer
from scripts.package.platforms import lambda_platform

PLATFORM = lambda_platform("x86_64", "3.13")


class Pip:
    """Stands for pip: notes what it was told to install, and perhaps complains."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.folders: list[Path] = []
        self.complaint = ""

    def __call__(self, command: list[str], *, cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
        self.commands.append([Path(word).read_text() if Path(word).is_file() else word for word in command[1:]])
        self.folders.append(cwd)
        return subprocess.CompletedProcess(command, 1 if self.complaint else 0, "", self.complaint)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    made = Pip()
    monkeypatch.setattr(layer.subprocess, "run", made)
    return made


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    file = tmp_path / "job" / "requirements.txt"
    (file.parent / "wheels").mkdir(parents=True)
    (file.parent / "wheels" / "mine.whl").write_bytes(b"first")
    file.write_text("regex==2024.11.6\n./wheels/mine.whl\n")
    return file


def made(requirements: Path) -> bool:
    return make_layer(JOB_LAYER, PLATFORM, requirements.parents[1] / "build", requirements)


def test_it_is_made_once_and_again_when_a_wheel_of_the_job_s_own_changes(pip: Pip, requirements: Path) -> None:
    assert [made(requirements), made(requirements)] == [True, False]

    (requirements.parent / "wheels" / "mine.whl").write_bytes(b"second")

    assert [made(requirements), made(requirements)] == [True, False]


def test_pins_of_the_functions_own_packages_hold_for_it(
    pip: Pip, requirements: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(paths, "REQUIREMENTS", tmp_path)
    (tmp_path / "runtime.txt").write_text("obstore==0.12.1\n")
    made(requirements)
    (tmp_path / "runtime.txt").write_text("obstore==0.13.0\n")

    assert made(requirements)

    assert [command[command.index("--constraint") + 1] for command in pip.commands] == ["obstore==0.12.1\n", "obstore==0.13.0\n"]


def test_paths_in_the_file_begin_where_it_lies(pip: Pip, requirements: Path) -> None:
    made(requirements)

    assert pip.folders == [requirements.parent]


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        (
            "ERROR: No matching distribution found for docopt==0.6.2",
            r"there is no wheel of docopt==0\.6\.2 for Lambda .* make a wheel of it",
        ),
        ("ERROR: ResolutionImpossible: for help visit", "don't go together, or with the versions in requirements/runtime.txt"),
    ],
)
def test_what_pip_refuses_is_told_with_what_to_do(pip: Pip, requirements: Path, complaint: str, told: str) -> None:
    pip.complaint = complaint

    with pytest.raises(LayerError, match=told):
        made(requirements)
