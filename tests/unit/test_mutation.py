"""The command behind `make mutate`: what it changes, what it refuses, and what it leaves behind when it is interrupted."""

import ast
import os
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from scripts.paths import ROOT
from tests.fakes.waiting import wait_until
from tests.mutation import command
from tests.mutation.mutations import mutations_of

SOURCE = '''"""A module."""

import logging
from typing import cast

LIMIT_SECONDS = 20


def wait(seconds: int, name: str = "clock") -> int:
    """Wait."""
    if seconds > LIMIT_SECONDS and name:
        raise ValueError("too long")
    logging.info("wait", stacklevel=2)
    return cast("int", seconds + 1)
'''


def test_each_change_is_of_behaviour_and_of_one_place(tmp_path: Path) -> None:
    (tmp_path / "clock.py").write_text(SOURCE)

    changes = [(each.line, each.what) for each in mutations_of(tmp_path, "clock.py")]

    assert changes == [
        (9, "'clock' becomes 'clock~'"),
        (11, "and becomes or"),
        (11, "Gt becomes GtE"),
        (13, "\"logging.info('wait', stacklevel=2)\" is removed"),
        (13, "stacklevel= is removed"),
        (13, "'wait' becomes 'wait~'"),
        (13, "2 becomes 3"),
        (14, "Add becomes Sub"),
        (14, "1 becomes 2"),
    ]


def test_changed_text_differs_in_the_change_alone(tmp_path: Path) -> None:
    (tmp_path / "clock.py").write_text(SOURCE)
    change = next(each for each in mutations_of(tmp_path, "clock.py") if each.what == "Add becomes Sub")

    before, after = (Counter(ast.unparse(ast.parse(text)).splitlines()) for text in (SOURCE, change.text()))

    assert [line.strip() for line in after - before] == ["return cast('int', seconds - 1)"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--mutations", "0"], "must be a whole number from 1; got '0'"),
        (["--at-once", "x"], "must be a whole number from 1; got 'x'"),
        (["--only", "scripts/paths.py"], "must be Python code below runtime/; got 'scripts/paths.py'"),
        (["--only", "runtime/nowhere.py"], "must be Python code below runtime/"),
        (["--only", "runtime/__init__.py"], "must be Python code below runtime/"),
    ],
)
def test_wrong_option_is_refused(options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(options)

    assert said in capsys.readouterr().err


def at_work_in(folder: Path) -> list[int]:
    """Return the processes at work in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found += [int(process.name)] if (process / "cwd").readlink().is_relative_to(folder) else []
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see which processes are left")
def test_interrupt_leaves_no_process_and_no_copy_behind(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "tests.mutation", "--only", "runtime/clock.py"]
    with subprocess.Popen(
        line, cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert "2 of 2 known changes" in process.stdout.readline()

        wait_until(lambda: at_work_in(tmp_path) != [], "a test that runs")
        process.send_signal(signal.SIGINT)

        assert process.wait(30) == 130
    assert list(tmp_path.iterdir()) == []
    assert at_work_in(tmp_path) == []
