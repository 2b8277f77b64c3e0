"""A lock: who waits says for whom, and nobody waits for ever."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import paths
from scripts.only_one import LockedError, only_one

HOLDS = """
import sys
from pathlib import Path
from scripts.only_one import only_one
with only_one(Path(sys.argv[1]), "the packages"):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(lock: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(lock)], cwd=paths.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_second_says_who_holds_it_and_gives_up_in_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with holder(tmp_path / "lock") as process:
        with (
            pytest.raises(LockedError, match=rf"process {process.pid} .* has been working on the packages"),
            only_one(tmp_path / "lock", "the packages", 0.5),
        ):
            pass
        process.communicate("")

    assert capsys.readouterr().err.count(f"waiting for process {process.pid}") == 1


@pytest.mark.parametrize("end", ["ended", "killed"])
def test_it_is_free_once_the_holder_is_gone(tmp_path: Path, end: str, capsys: pytest.CaptureFixture[str]) -> None:
    with holder(tmp_path / "lock") as process:
        if end == "killed":
            process.kill()
        process.communicate("")

    with only_one(tmp_path / "lock", "the packages", 0.5):
        pass

    assert capsys.readouterr().err == ""
