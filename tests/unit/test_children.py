"""What of a user's settings reaches the programs that the commands start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import children, paths
from scripts.deploy import targets
from scripts.deploy.choice import choose


@pytest.mark.parametrize("name", ["PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIREMENT", "PIP_NO_DEPS"])
def test_pip_is_not_told_by_the_user_what_to_install_and_where(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")

    told = children.for_pip()

    assert told.get(name) == ("0" if name == "PIP_USER" else None)
    assert told["PIP_INDEX_URL"] == "https://mirror.example/simple"


@pytest.mark.parametrize(("length", "kept"), [(20, True), (120, False)])
def test_terraform_gets_a_folder_whose_name_leaves_room_for_its_sockets(
    monkeypatch: pytest.MonkeyPatch, length: int, kept: bool
) -> None:
    monkeypatch.setenv("TMPDIR", "/" + "t" * length)

    assert (children.for_terraform()["TMPDIR"] == "/" + "t" * length) == kept
    assert len(children.for_terraform()["TMPDIR"]) <= 80


def test_empty_settings_of_aws_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "")
    monkeypatch.setenv("AWS_PROFILE", "mine")

    told = targets.aws(choose("sfn", None, None), []).environment

    assert "AWS_CA_BUNDLE" not in told
    assert told["AWS_PROFILE"] == "mine"


def test_checks_see_none_of_the_users_aws_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/broken")
    monkeypatch.setenv("AWS_PROFILE", "mine")

    told = targets.checks().environment

    assert {name: value for name, value in told.items() if name.startswith("AWS_")} == {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def test_our_own_modules_are_found_from_anywhere_with_a_safe_path(tmp_path: Path) -> None:
    command = [*children.PYTHON, "scripts.client", "--version"]

    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONSAFEPATH": "1"}, capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """tools.sh in a tree whose Python makes an empty environment, and says when it is asked for one."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "tools.sh").write_bytes((paths.ROOT / "scripts" / "tools.sh").read_bytes())
    python = tmp_path / "python"
    python.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        f'"-m venv "*) echo made >>"{tmp_path}/log"; sleep "$SLOW"; mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;\n'
        f'"-m pip "*) env >"{tmp_path}/environment" ;;\n'
        "esac\n"
    )
    for file in (python, tmp_path / "scripts" / "tools.sh"):
        file.chmod(0o755)
    return tmp_path


def make_tools(tools: Path, slow: str = "0", **more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHON": str(tools / "python"), "SLOW": slow, **more}
    return subprocess.Popen(["scripts/tools.sh", "build/venv"], cwd=tools, env=environment, stderr=subprocess.PIPE, text=True)


def test_of_two_makes_at_once_one_makes_the_tools_and_the_other_says_for_whom_it_waits(tools: Path) -> None:
    both = [make_tools(tools, "1") for _ in range(2)]

    told = "".join(process.communicate(timeout=30)[1] for process in both)

    assert [process.returncode for process in both] == [0, 0]
    assert "waiting for process" in told
    assert (tools / "log").read_text() == "made\n"
    assert not (tools / "build" / "venv.lock").exists()


def test_lock_of_a_process_that_is_gone_holds_nobody(tools: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tools / "build" / "venv.lock").mkdir(parents=True)
    (tools / "build" / "venv.lock" / "pid").write_text(str(gone.pid))

    process = make_tools(tools)

    assert process.communicate(timeout=30)[1] == "tools: making build/venv (once)\n"
    assert process.returncode == 0


def test_tools_are_installed_into_their_environment_whatever_pip_is_told(tools: Path) -> None:
    process = make_tools(tools, PIP_USER="1", PIP_TARGET="/elsewhere")
    process.communicate(timeout=30)

    told = (tools / "environment").read_text().splitlines()
    assert "PIP_USER=0" in told
    assert not [line for line in told if line.startswith("PIP_TARGET")]


@pytest.fixture
def makefile(tmp_path: Path) -> Path:
    """The Makefile in a tree whose tools are there and write down how they are called, the first more slowly."""
    (tmp_path / "Makefile").write_bytes((paths.ROOT / "Makefile").read_bytes())
    for name in ("requirements/tools.txt", "requirements/redis.txt", "scripts/tools.sh", "build/venv/.ready"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    python = tmp_path / "build" / "venv" / "bin" / "python"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\n[ "$4" != up ] || sleep 1\necho "$3 $4" >>log\n')
    python.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("flags", ["", "-j4"])
def test_targets_that_are_named_together_are_steps(makefile: Path, flags: str) -> None:
    environment = {**os.environ, "MAKEFLAGS": flags}
    subprocess.run(["make", "local-up", "local-deploy"], cwd=makefile, env=environment, timeout=60, check=True)

    assert [line.split()[:2] for line in (makefile / "log").read_text().splitlines()] == [
        ["scripts.embedded", "up"],
        ["scripts.package", "--arch"],
        ["scripts.deploy", "apply"],
    ]


def test_a_dry_run_runs_nothing(makefile: Path) -> None:
    (makefile / "build" / "venv" / ".ready").unlink()

    subprocess.run(
        ["make", "-n", "demo", "compare", "local-up", "clean", "test"], cwd=makefile, capture_output=True, timeout=60, check=True
    )

    assert not (makefile / "log").exists()
    assert (makefile / "build").exists()
