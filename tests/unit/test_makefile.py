"""What make tells the deploy script: a stand-in for the tools' Python writes down how it was called."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import paths

STAND_IN = """#!{python} -S
import json, os, sys
with open(os.environ["CALLS"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of what make looks at, with the tools installed."""
    for name in ("Makefile", "requirements/tools.txt", "requirements/redis.txt", "scripts/tools.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy2(paths.ROOT / name, tmp_path / name)
    program = tmp_path / "build" / "venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "build" / "venv" / ".ready").touch()
    return tmp_path


def told(repository: Path, module: str, *arguments: str, **environment: str) -> dict[str, str]:
    """The options that a module is called with by make."""
    calls = repository / "calls"
    subprocess.run(
        ["make", "--silent", *arguments], cwd=repository, env={**os.environ, "CALLS": str(calls), **environment}, check=True
    )
    [call] = [call for call in map(json.loads, calls.read_text().splitlines()) if module in call]
    options: dict[str, str] = {}
    words = iter(call[call.index(module) + 1 :])
    for word in words:
        if word.startswith("--"):
            name, equals, value = word.removeprefix("--").partition("=")
            options[name] = value if equals else next(words)
    return options


@pytest.mark.parametrize(
    ("target", "module"),
    [
        ("local-deploy", "scripts.deploy"),
        ("deploy", "scripts.deploy"),
        ("destroy", "scripts.deploy"),
        ("demo", "scripts.demo"),
    ],
)
def test_every_deploying_target_passes_its_variables_on(repository: Path, target: str, module: str) -> None:
    options = told(
        repository, module, target, "ORCHESTRATION=http_only", "PREFIX=mine", "REGION=eu-west-1", "VARS=memory_mb=1 a=2"
    )

    chosen = {"orchestration": "http_only", "prefix": "mine", "region": "eu-west-1", "vars": "memory_mb=1 a=2"}
    assert options.items() >= chosen.items()


@pytest.mark.parametrize(("target", "module"), [("package", "scripts.package"), ("demo", "scripts.demo")])
@pytest.mark.parametrize("name", ["JOB", "WORKFLOW", "FUNCTIONS"])
def test_what_to_package_is_passed_on_to_whoever_packages(repository: Path, target: str, module: str, name: str) -> None:
    assert told(repository, module, target, f"{name}=my own")[name.lower()] == "my own"


@pytest.mark.parametrize(
    ("target", "module"),
    [
        ("demo", "scripts.demo"),
        ("compare", "scripts.compare"),
        ("package", "scripts.package"),
        ("local-status", "scripts.embedded"),
        *((target, module) for target in ("local-deploy", "deploy") for module in ("scripts.package", "scripts.deploy")),
        ("local-destroy", "scripts.deploy"),
        ("destroy", "scripts.deploy"),
    ],
)
def test_a_job_is_passed_on_by_every_target_that_can_have_one(repository: Path, target: str, module: str) -> None:
    assert told(repository, module, target, "JOB=my job")["job"] == "my job"


@pytest.mark.parametrize(
    "text", ["a='b c'", 'a="b"', "a=$(touch evaluated)", "a=`touch evaluated`", "a=$HOME;touch evaluated", "a=$$"]
)
def test_variables_arrive_as_they_were_written(repository: Path, text: str) -> None:
    assert told(repository, "scripts.deploy", "local-deploy", f"VARS={text}")["vars"] == text
    assert not (repository / "evaluated").exists()


def test_a_place_of_installation_in_the_environment_is_no_prefix(repository: Path) -> None:
    options = told(repository, "scripts.deploy", "local-deploy", PREFIX="/usr/local", REGION="eu", VARS="x=1")

    assert (options["prefix"], options["region"], options["vars"]) == ("", "", "")


@pytest.mark.parametrize(("target", "module"), [("demo", "scripts.demo"), ("compare", "scripts.compare")])
def test_a_layout_is_passed_on_and_is_left_open_otherwise(repository: Path, target: str, module: str) -> None:
    assert told(repository, module, target, "SHUFFLE=packed")["shuffle"] == "packed"
    (repository / "calls").unlink()
    assert told(repository, module, target)["shuffle"] == ""


@pytest.mark.parametrize(("target", "module"), [("demo", "scripts.demo"), ("compare", "scripts.compare")])
def test_variables_are_passed_on(repository: Path, target: str, module: str) -> None:
    assert told(repository, module, target, "VARS=memory_mb=1024")["vars"] == "memory_mb=1024"


def test_bench_leaves_open_what_was_not_asked_for(repository: Path) -> None:
    asked = {"RUNS": "2", "INPUT": "my book.txt", "ORCHESTRATION": "sfn,http_only", "SIZES": "1 20", "VARS": "memory_mb=1024"}
    wanted = {"runs": "2", "text": "my book.txt", "orchestration": "sfn,http_only", "sizes": "1 20", "vars": "memory_mb=1024"}

    assert told(repository, "scripts.bench", "bench", *(f"{name}={value}" for name, value in asked.items())) == wanted
    (repository / "calls").unlink()
    assert told(repository, "scripts.bench", "bench") == {"sizes": "", "vars": ""}
