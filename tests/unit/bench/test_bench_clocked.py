"""One command, clocked: its output, its failure, its end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.bench.clocked import OWN, CommandFailedError, clock
from scripts.bench.workers import SERVER, Watch

PLENTY_SECONDS = 60.0


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_output_and_use_are_told() -> None:
    clocked = clock(python("print('to be'); print('or not')"), PLENTY_SECONDS)

    assert clocked.output == b"to be\nor not\n"
    assert 0 < clocked.seconds <= clocked.whole_seconds
    assert clocked.cpu_seconds[OWN] > 0


@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc")
def test_memory_of_the_command_itself_is_its_own_and_not_that_of_who_started_it() -> None:
    held = b"x" * (300 << 20)

    clocked = clock(python("import time; print(1, flush=True); time.sleep(0.5)"), PLENTY_SECONDS, Watch(os.getppid()))

    assert len(held) > 200 << 20
    assert 1 < clocked.peak_mb[OWN] < 200


def test_time_ends_with_the_last_output_and_not_with_the_tidying_up_after_it(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    # It ends only when it can write into the gate, which a child opens for reading after the output has been read.
    program = f"import subprocess, sys; print('counts', flush=True); sys.stdout.close(); open({str(gate)!r}, 'w').close()"
    reader = subprocess.Popen(python(f"import time; time.sleep(0.5); open({str(gate)!r}).read()"))

    clocked = clock(python(program), PLENTY_SECONDS)

    reader.wait()
    assert clocked.output == b"counts\n"
    assert clocked.seconds < clocked.whole_seconds


def test_a_command_without_output_takes_until_its_end() -> None:
    clocked = clock(python("pass"), PLENTY_SECONDS)

    assert clocked.seconds == clocked.whole_seconds


def test_failure_tells_exit_code_and_what_was_said() -> None:
    with pytest.raises(CommandFailedError, match="exit code 3: no bucket"):
        clock(python("import sys; print('no bucket', file=sys.stderr); sys.exit(3)"), PLENTY_SECONDS)


def test_a_command_that_does_not_end_is_interrupted_and_may_tidy_up(tmp_path: Path) -> None:
    tidied = tmp_path / "tidied"
    program = f"""
import time
try:
    time.sleep(600)
except KeyboardInterrupt:
    open({str(tidied)!r}, "w").close()
"""

    with pytest.raises(CommandFailedError, match="no end after 1 s"):
        clock(python(program), 1.0)

    assert tidied.exists()


def test_environment_is_the_one_that_is_given() -> None:
    clocked = clock(python("import json, os; print(json.dumps(dict(os.environ)))"), PLENTY_SECONDS, environment={"ONLY": "this"})

    told = json.loads(clocked.output)
    assert told["ONLY"] == "this"
    assert "HOME" not in told


@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc")
def test_watch_tells_memory_and_cpu_time_of_a_servers_functions() -> None:
    work = "held = b'x' * (60 << 20); sum(range(3_000_000))"
    variables = {**os.environ, "FUNCTION": "mapper"}

    with Watch(os.getpid()) as watch:
        worker = subprocess.Popen([*python(f"{work}; input()")], env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        while watch.peak_mb.get("mapper", 0) < 60:  # the test's own time limit ends this
            watch.look()
    worker.communicate(b"\n")

    assert watch.peak_mb["mapper"] > 60
    assert watch.cpu_seconds["mapper"] > 0
    assert SERVER in watch.cpu_seconds


@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc")
def test_watch_leaves_out_functions_that_did_nothing() -> None:
    worker = subprocess.Popen(
        python("print('ready', flush=True); input()"),
        env={**os.environ, "FUNCTION": "reducer"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"ready\n"

    while "reducer" in _used_in_a_moment().peak_mb:  # until it waits for its input; the test's own time limit ends this
        pass

    worker.communicate(b"\n")


def _used_in_a_moment() -> Watch:
    with Watch(os.getpid()) as watch:
        pass
    return watch
