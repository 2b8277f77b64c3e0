"""Workflows of the tests' own, whose functions know nothing of MapReduce, on every orchestration, with IAM enforced.

Each is packaged in a folder of its own, with the layers of the wordcount, and deployed under a prefix of its own. All of them are
on an embedded AWS of this file's own, beside that of the other tests.
"""

import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.cloud import ROOT, Done, free_port, run_module, running

BUILD = ROOT / "build" / "e2e-workflows"
FOLDER = ROOT / "tests" / "workflows"
PREFIXES = {"chain": "chain", "two_fan_outs": "twofanouts"}

CASES = {
    "chain": ("chain", "input.json", {"said": "5 squares add up to 55"}),
    "two fan-outs": ("two_fan_outs", "input.json", {"shouted": ["STORM!", "LIGHTHOUSE!", "KEEPER!"]}),
    "second fan-out empty": ("two_fan_outs", "nothing_to_shout.json", {"shouted": []}),
}


@pytest.fixture(scope="session")
def packages() -> Iterator[Any]:
    """Packages of a workflow for all orchestrations, made once, beside an embedded AWS: the folder that holds them."""

    @cache
    def make(name: str) -> Path:
        folder = BUILD / "workflows" / name
        for path in [*BUILD.glob("*layer.*"), *(BUILD / "local").iterdir()]:
            copy = folder / path.relative_to(BUILD)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
        source = ("--workflow", str(FOLDER / name / f"{name}.asl.json"), "--functions", str(FOLDER / name / "functions"))
        done = run_module(folder, "scripts.package", *source)
        assert done.status == 0, done.out + done.err
        return folder

    with running(BUILD, "--port", str(free_port())):
        yield make


@pytest.fixture(scope="session")
def deployed(packages: Any) -> Any:
    """A workflow deployed on an orchestration, once."""

    @cache
    def deploy(name: str, orchestration: str) -> tuple[str, ...]:
        where = ("--target", "embedded", "--orchestration", orchestration, "--prefix", PREFIXES[name])
        done = run_module(BUILD, "scripts.deploy", "apply", *where, "--var", f"build_dir={packages(name)}")
        assert done.status == 0, done.out + done.err
        return where

    return deploy


def run(where: tuple[str, ...], path: Path) -> Done:
    return run_module(BUILD, "scripts.client", *where, "--json", str(path))


@pytest.mark.parametrize("case", CASES)
def test_workflow_gives_its_result(deployed: Any, orchestration: str, case: str) -> None:
    name, file, expected = CASES[case]

    done = run(deployed(name, orchestration), FOLDER / name / file)

    assert done.status == 0, done.out + done.err
    assert json.loads(done.out) == expected


def test_workflow_that_begins_with_no_element_ends(deployed: Any, orchestration: str, tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text('{"data": []}')

    done = run(deployed("two_fan_outs", orchestration), tmp_path / "empty.json")

    assert done.status == 0, done.out + done.err
    assert json.loads(done.out) == {"shouted": []}


def test_function_that_fails_is_named(deployed: Any, orchestration: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.json").write_text('{"upto": "five"}')

    done = run(deployed("chain", orchestration), tmp_path / "wrong.json")

    assert done.status == 1
    assert "split" in done.err
