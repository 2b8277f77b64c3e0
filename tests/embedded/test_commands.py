"""The emulator's commands, as a user runs them: up, status, restart and down, whatever lies about from before."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.embedded import environment
from scripts.paths import ROOT, Embedded
from tests.embedded.emulator import Emulator, Shell, group_members, linux, until

LEFT_BY_DOWN = {"lock", "log.txt", "venv"}


def test_up_status_down_from_a_shell(shell: Shell) -> None:
    assert shell.run("status").returncode == 3

    up = shell.run("up")

    assert up.returncode == 0, up.stderr
    state = shell.state()
    assert state["endpoint_url"] in up.stdout
    assert {"pid", "port", "endpoint_url", "started", "log", "tmpdir"} <= set(state)
    (shell.home / "deployments").mkdir()
    (shell.home / "deployments" / "sfn.json").write_text("{}")
    status = shell.run("status", "--json")
    assert status.returncode == 0
    facts = json.loads(status.stdout)
    assert facts["running"]
    assert facts["pid"] == state["pid"]
    assert facts["deployments"] == ["sfn"]
    assert facts["requests"]["total"] == 0
    assert shell.run("status").stdout.count(state["endpoint_url"]) == 1

    assert shell.run("down").returncode == 0

    assert {path.name for path in shell.home.iterdir()} == LEFT_BY_DOWN
    assert shell.run("status").returncode == 3
    assert shell.run("down").returncode == 0


def test_a_second_up_keeps_the_first(shell: Shell) -> None:
    shell.run("up")
    pid = shell.state()["pid"]

    again = shell.run("up")

    assert again.returncode == 0
    assert "already running" in again.stdout
    assert shell.state()["pid"] == pid


def test_two_build_directories_run_at_once(shells: Callable[[], Shell]) -> None:
    both = [shells(), shells()]
    with ThreadPoolExecutor() as pool:
        assert [done.returncode for done in pool.map(lambda one: one.run("up"), both)] == [0, 0]
    first, second = (one.state() for one in both)
    assert first["port"] != second["port"]
    both[0].run("down")
    assert both[1].run("status").returncode == 0


def test_a_named_port_that_is_taken_is_refused(shell: Shell) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        up = shell.run("up", "--port", str(port))
    assert up.returncode == 2
    assert f"port {port} is taken" in up.stderr
    assert {path.name for path in shell.home.iterdir()} <= LEFT_BY_DOWN


@linux
def test_down_ends_busy_workers_and_removes_their_files(shell: Shell) -> None:
    shell.run("up")
    state = shell.state()
    emulator = Emulator(shell)
    name = emulator.function()
    emulator.invoke(name, {"do": "sleep", "seconds": 50}, "Event")
    until(lambda: len(group_members(state["pid"])) >= 2, 10)

    began = time.monotonic()
    assert shell.run("down").returncode == 0

    assert time.monotonic() - began < 8
    assert group_members(state["pid"]) == []
    assert {path.name for path in shell.home.iterdir()} == LEFT_BY_DOWN


@linux
@pytest.mark.parametrize("command", ["down", "up"])
def test_workers_that_outlived_the_emulator_are_ended(shell: Shell, command: str) -> None:
    shell.run("up")
    old = shell.state()
    emulator = Emulator(shell)
    emulator.invoke(emulator.function(), {"do": "sleep", "seconds": 50}, "Event")
    until(lambda: len(group_members(old["pid"])) >= 2, 10)
    time.sleep(1)
    os.kill(old["pid"], signal.SIGKILL)
    until(lambda: old["pid"] not in group_members(old["pid"]), 5)
    assert group_members(old["pid"]), "the busy worker should live"

    assert shell.run(command).returncode == 0

    assert group_members(old["pid"]) == []


@linux
def test_records_of_a_killed_emulator_are_cleared(shell: Shell) -> None:
    shell.run("up")
    old = shell.state()
    for directory in ("deployments", "terraform"):
        (shell.home / directory).mkdir()
        (shell.home / directory / "sfn.json").write_text("{}")
    os.killpg(old["pid"], signal.SIGKILL)
    until(lambda: not group_members(old["pid"]), 5)
    assert shell.run("status").returncode == 3

    assert shell.run("up").returncode == 0

    assert shell.state()["token"] != old["token"]
    assert not (shell.home / "deployments").exists()
    assert not (shell.home / "terraform").exists()


def test_a_foreign_process_with_our_pid_is_left_alone(shell: Shell) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        (shell.home / "state.json").write_text(
            json.dumps(
                {
                    "pid": stranger.pid,
                    "port": 1,
                    "endpoint_url": "http://127.0.0.1:1",
                    "started": 0.0,
                    "log": "",
                    "tmpdir": "",
                    "token": "0123456789abcdef",
                    "auth": True,
                }
            )
        )
        assert shell.run("status").returncode == 3
        assert shell.run("down").returncode == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_an_interrupted_up_leaves_nothing_running(shell: Shell, number: signal.Signals) -> None:
    for _ in range(20):
        (shell.home / "log.txt").unlink(missing_ok=True)
        up = subprocess.Popen(
            shell.command("up"),
            cwd=ROOT,
            env=shell.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: (shell.home / "log.txt").exists(), 20)
        up.send_signal(number)
        if up.wait(timeout=20) != 0:
            break
        # It was ready before the signal came: that is no interruption.
        assert shell.run("down").returncode == 0
    else:
        pytest.fail("up was never interrupted in time")

    until(lambda: not _processes_below(shell.home / "tmp"), 10)
    assert not (shell.home / "state.json").exists()
    if number != signal.SIGKILL:
        assert {path.name for path in shell.home.iterdir()} <= LEFT_BY_DOWN


def _processes_below(tmp: Path) -> list[int]:
    """The emulators, and their workers, whose temporary directory this is."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid for pid in pids if _environment(pid).get("TMPDIR") == str(tmp)]


def _environment(pid: int) -> dict[str, str]:
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return {}
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def test_a_server_that_cannot_start_shows_its_log(shells: Callable[[], Shell]) -> None:
    shell = shells()
    (shell.home / "venv").unlink()
    (shell.home / "venv" / "bin").mkdir(parents=True)
    (shell.home / "venv" / "bin" / "python").symlink_to(sys.executable)
    (shell.home / "venv" / "requirements.stamp").write_text(environment._stamp(Embedded().requirements))
    up = shell.run("up")
    assert up.returncode == 1
    assert "ended at once" in up.stderr
    assert "No module named" in up.stderr
    assert not (shell.home / "state.json").exists()
    assert not (shell.home / "tmp").exists()
