"""`scripts/try.sh` and `make try`: which program they start, with which options; a stand-in for Python says how it was called."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import paths

STAND_IN = f"#!{sys.executable} -S\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of what the commands look at, with the tools installed."""
    for name in ("Makefile", "requirements/tools.txt", "requirements/redis.txt", "scripts/tools.sh", "scripts/invoke.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(paths.ROOT / name, tmp_path / name)
    shutil.copy2(paths.ROOT / "scripts" / "try.sh", tmp_path / "scripts" / "try.sh", follow_symlinks=False)
    program = tmp_path / "build" / "venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(STAND_IN)
    program.chmod(0o755)
    (tmp_path / "build" / "venv" / ".ready").touch()
    return tmp_path


def called(repository: Path, *command: str) -> list[str]:
    done = subprocess.run(command, cwd=repository, env={**os.environ, "JOB": "no"}, capture_output=True, text=True, check=True)
    words: list[str] = json.loads(done.stdout.splitlines()[-1])
    return words[words.index("scripts.inline" if "scripts.inline" in words else "scripts.client") :]


def test_script_starts_one_program_or_the_other_by_its_name(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").symlink_to(repository / "scripts" / "try.sh")

    assert called(repository, "scripts/try.sh", "--job", "a b") == ["scripts.inline", "--job", "a b"]
    assert called(repository, "./mine", "x") == ["scripts.inline", "x"]
    assert called(repository, "scripts/invoke.sh", "x") == ["scripts.client", "x"]


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ([], ["--params=", "--", "samples/lighthouse.json"]),
        (["JOB=my job"], ["--job", "my job", "--params="]),
        (
            ["JOB=j", "INPUT=-", "OUTPUT=o", "SHUFFLE=objects", "PARAMS=a=1 b=$c", "PDB=1"],
            ["--job", "j", "--output", "o", "--shuffle", "objects", "--params=a=1 b=", "--pdb", "--", "-"],
        ),
    ],
)
def test_make_passes_on_what_is_given(given: list[str], options: list[str], repository: Path) -> None:
    assert called(repository, "make", "--silent", "try", *given)[1:] == options
