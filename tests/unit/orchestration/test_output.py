"""Our line gets into the log, on a line of its own, whatever user code did to the output."""

import subprocess
import sys

import pytest

from scripts import paths
from tests.fakes.log_lines import parse_lines

_PROGRAM = """
import io, os, sys
from runtime.orchestration.output import Output, standard_output
output = Output(standard_output())
{user_code}
output.write({{"run": "r1"}})
os._exit(0)  # what is in no buffer is printed
"""
_LINE = [{"log": "mapreduce", "run": "r1"}]

_USER_CODE = {
    "prints no end of a line": 'print("word", end=" ")',
    "prints no end of a line to stderr": 'print("word", end=" ", file=sys.stderr)',
    "prints bytes that are no text": r'sys.stdout.buffer.write(b"\xff\xfe")',
    "replaces stdout": "sys.stdout = io.StringIO()",
    "replaces stdout by no stream": 'sys.stdout = sys.stderr = "no stream"',
    "takes stdout away": "sys.stdout = None",
    "closes stdout": "sys.stdout.close()",
    "sends its output to nowhere": "os.dup2(os.open(os.devnull, os.O_WRONLY), 1)",
    "closes the descriptor": "os.close(1)",
}


def printed_by(user_code: str) -> str:
    command = [sys.executable, "-c", _PROGRAM.format(user_code=user_code)]
    done = subprocess.run(command, cwd=paths.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True, timeout=60)
    return done.stdout.decode(errors="replace")


@pytest.mark.parametrize("user_code", _USER_CODE.values(), ids=_USER_CODE)
def test_line_is_there(user_code: str) -> None:
    assert parse_lines(printed_by(user_code)) == _LINE


def test_what_user_code_printed_is_there_before_it() -> None:
    assert printed_by('print("word", end=" ")').splitlines()[0] == "word "


@pytest.mark.parametrize("user_code", ["sys.stdout.close()", "sys.stdout = None", "sys.stdout.close(); os.close(1)"])
def test_next_invocation_can_print_though_this_one_closed_the_output(user_code: str) -> None:
    closed = f'{user_code}\noutput.write({{"run": "r0"}})\nprint("of the next invocation")'

    printed = printed_by(closed)

    assert "of the next invocation" in printed
    assert [line["run"] for line in parse_lines(printed)] == ["r0", "r1"]


def test_value_that_json_does_not_have_is_told_by_its_text() -> None:
    printed = printed_by('output.write({"run": "r0", "odd": {1}})')

    assert [line.get("odd") for line in parse_lines(printed)] == ["{1}", None]


def test_log_that_cannot_be_written_to_fails_nobody() -> None:
    reader = "import os; os.close(0)"  # gone before anything is written
    program = _PROGRAM.format(user_code="import time; sys.stdin.read()")
    with subprocess.Popen([sys.executable, "-c", reader], stdin=subprocess.PIPE) as gone:
        gone.wait(60)
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=paths.ROOT, stdout=gone.stdin, stdin=subprocess.DEVNULL, check=False, timeout=60
        )

    assert done.returncode == 0


def test_process_without_an_output_writes_to_stderr() -> None:
    program = 'import os, subprocess, sys; os.close(1); os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])'
    command = [sys.executable, "-c", program, _PROGRAM.format(user_code="")]

    done = subprocess.run(command, cwd=paths.ROOT, stderr=subprocess.PIPE, text=True, check=True, timeout=60)

    assert parse_lines(done.stderr) == _LINE


def test_output_that_was_opened_again_takes_text_that_is_no_unicode() -> None:
    assert "half \\ud83d" in printed_by("""sys.stdout.close()\noutput.write({"run": "r0"})\nprint("half \\ud83d")""")
