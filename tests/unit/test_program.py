"""What every command does with its streams and signals, as a process: it loses no work, and shows no traceback."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts import paths

START = [sys.executable, "-S", str(paths.ROOT / "scripts" / "start.py")]

TALKS = """
import pathlib, sys
def main():
    for i in range(3):
        print("out", i, flush=True)
        print("err", i, file=sys.stderr, flush=True)
    pathlib.Path("done").touch()
    return {status}
"""

WAITS = """
import pathlib, time
def main():
    try:
        pathlib.Path("begun").touch()
        time.sleep(60)
    except KeyboardInterrupt:
        pathlib.Path("tidying").touch()
        time.sleep({tidying})
        pathlib.Path("tidy").touch()
        return 130
"""


class Command:
    """A command of the project's kind: `work.main`, started by `work_main`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "work_main.py").write_text('from scripts import program\nprogram.run("work")\n')
        self.processes: list[subprocess.Popen[str]] = []

    def write(self, body: str) -> None:
        (self.folder / "work.py").write_text(body)

    @property
    def line(self) -> list[str]:
        return [*START, "work_main"]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.folder)}

    def in_shell(self, redirection: str) -> tuple[int, str]:
        """Exit code of the command itself, and what the shell's stderr got."""
        script = f'{{ "$@"; echo $? >status; }} {redirection}'
        done = subprocess.run(
            ["sh", "-c", script, "sh", *self.line],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        return int((self.folder / "status").read_text()), done.stdout + done.stderr

    def start(self, **more: Any) -> subprocess.Popen[str]:
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | more
        process = subprocess.Popen(self.line, cwd=self.folder, env=self.environment(), **given)
        self.processes.append(process)
        return process

    def there(self, name: str) -> None:
        deadline = time.monotonic() + 30
        while not (self.folder / name).exists():
            assert time.monotonic() < deadline, f"no {name}"
            time.sleep(0.01)


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Command]:
    made = Command(tmp_path)
    yield made
    for process in made.processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    "redirection", ["| true", "2>&-", "2>/dev/full", "<&-", ">&-", "<&- >&- 2>&-", "2>&1 | true", ">/dev/null 2>/dev/full"]
)
@pytest.mark.parametrize("status", [0, 3])
def test_work_is_done_and_the_exit_code_holds_whatever_becomes_of_the_streams(
    command: Command, redirection: str, status: int
) -> None:
    command.write(TALKS.format(status=status))

    ended, told = command.in_shell(redirection)

    assert ended == status
    assert "Traceback" not in told
    assert "Exception ignored" not in told
    assert (command.folder / "done").exists()


@pytest.mark.parametrize(("status", "expected"), [(0, 1), (3, 3)])
def test_a_full_stdout_is_told_once_the_work_is_done(command: Command, status: int, expected: int) -> None:
    command.write(TALKS.format(status=status))

    ended, told = command.in_shell(">/dev/full")

    assert ended == expected
    assert ("standard output can't be written: No space left on device" in told) == (status == 0)
    assert (command.folder / "done").exists()


def test_files_and_children_do_not_get_the_number_of_a_closed_stream(command: Command) -> None:
    command.write("def main():\n    with open('file', 'w') as file:\n        print('x')\n        return file.fileno()\n")

    ended, _ = command.in_shell("<&- >&- 2>&-")

    assert ended > 2


def test_a_terminal_that_is_gone_stops_nothing(command: Command) -> None:
    command.write(TALKS.format(status=3))
    ours, theirs = pty.openpty()
    os.close(ours)

    process = command.start(stdout=theirs, stderr=theirs, start_new_session=True)

    os.close(theirs)
    assert process.wait(30) == 3
    assert (command.folder / "done").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_lets_the_command_tidy_up_and_sets_the_exit_code(command: Command, number: int, status: int) -> None:
    command.write(WAITS.format(tidying=0))
    process = command.start()
    command.there("begun")

    process.send_signal(number)

    _, told = process.communicate(timeout=30)
    assert process.returncode == status
    assert (command.folder / "tidy").exists()
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("first", "second"), [(signal.SIGHUP, signal.SIGHUP), (signal.SIGINT, signal.SIGINT), (signal.SIGHUP, signal.SIGINT)]
)
def test_the_same_signal_told_twice_does_not_break_off_tidying_up(command: Command, first: int, second: int) -> None:
    command.write(WAITS.format(tidying=1))
    process = command.start()
    command.there("begun")

    process.send_signal(first)
    process.send_signal(second)

    process.communicate(timeout=30)
    assert (command.folder / "tidy").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_during_imports_ends_the_command_at_once_in_one_line(command: Command, number: int, status: int) -> None:
    command.write("import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(60)\ndef main():\n    return 0\n")
    process = command.start()
    command.there("begun")

    process.send_signal(number)

    _, told = process.communicate(timeout=30)
    assert process.returncode == status
    assert told == "interrupted; nothing was begun\n"


def test_a_signal_that_was_ignored_stays_so(command: Command) -> None:
    command.write(WAITS.format(tidying=0).replace("60", "1"))
    process = command.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    command.there("begun")

    process.send_signal(signal.SIGHUP)

    process.communicate(timeout=30)
    assert process.returncode == 0
    assert not (command.folder / "tidy").exists()


def test_an_interrupt_that_a_command_does_not_catch_has_no_traceback(command: Command) -> None:
    command.write("import pathlib, time\ndef main():\n    pathlib.Path('begun').touch()\n    time.sleep(60)\n")
    process = command.start()
    command.there("begun")

    process.send_signal(signal.SIGINT)

    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, "interrupted\n")


def test_a_file_that_cannot_be_written_is_one_sentence(command: Command) -> None:
    command.write("def main():\n    open('work.py/x', 'w')\n")

    ended, told = command.in_shell("")

    assert ended == 1
    assert told == "error: work.py/x: Not a directory\n"


def test_a_bug_has_its_traceback(command: Command) -> None:
    command.write("def main():\n    return 1 / 0\n")

    ended, told = command.in_shell("")

    assert ended == 1
    assert "ZeroDivisionError" in told
