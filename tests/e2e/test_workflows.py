"""Workflows of the tests' own, whose functions know nothing of MapReduce, on every orchestration, with IAM enforced.

Each is packaged in a folder of its own, with the layers of the wordcount, and deployed under a prefix of its own. All of them are
on an embedded AWS of this file's own, beside that of the other tests.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.orchestrations import ORCHESTRATIONS
from tests.cloud import ROOT, Done, copy_layers, free_port, prepared, run_module, succeed

BUILD = ROOT / "build" / "e2e-workflows"
FOLDER = ROOT / "tests" / "workflows"
PREFIXES = {"chain": "chain", "two_fan_outs": "twofanouts"}

CASES = {
    "chain": ("chain", "input.json", {"said": "5 squares add up to 55"}),
    "two fan-outs": ("two_fan_outs", "input.json", {"shouted": ["STORM!", "LIGHTHOUSE!", "KEEPER!"]}),
    "second fan-out empty": ("two_fan_outs", "nothing_to_shout.json", {"shouted": []}),
}


def where(name: str, orchestration: str) -> tuple[str, ...]:
    """The options that choose a deployment."""
    return "--target", "embedded", "--orchestration", orchestration, "--prefix", PREFIXES[name]


def package(name: str) -> Path:
    """Package a workflow for all orchestrations: the folder with its packages."""
    folder = BUILD / "workflows" / name
    copy_layers(BUILD, folder)
    source = ("--workflow", str(FOLDER / name / f"{name}.asl.json"), "--functions", str(FOLDER / name / "functions"))
    succeed(folder, "scripts.package", *source)
    return folder


def deploy_all() -> None:
    for name in PREFIXES:
        folder = package(name)
        for orchestration in ORCHESTRATIONS:
            succeed(BUILD, "scripts.deploy", "apply", *where(name, orchestration), "--var", f"build_dir={folder}")


@pytest.fixture(scope="session", autouse=True)
def deployed() -> Iterator[None]:
    """Each workflow deployed on each orchestration."""
    with prepared(BUILD, deploy_all, "--port", str(free_port())):
        yield


def run(name: str, orchestration: str, path: Path) -> Done:
    return run_module(BUILD, "scripts.client", *where(name, orchestration), "--json", str(path))


@pytest.mark.parametrize("case", CASES)
def test_workflow_gives_its_result(orchestration: str, case: str) -> None:
    name, file, expected = CASES[case]

    done = run(name, orchestration, FOLDER / name / file)

    assert done.status == 0, done.out + done.err
    assert json.loads(done.out) == expected


def test_workflow_that_begins_with_no_element_ends(orchestration: str, tmp_path: Path) -> None:
    (tmp_path / "empty.json").write_text('{"data": []}')

    done = run("two_fan_outs", orchestration, tmp_path / "empty.json")

    assert done.status == 0, done.out + done.err
    assert json.loads(done.out) == {"shouted": []}


def test_function_that_fails_is_named(orchestration: str, tmp_path: Path) -> None:
    (tmp_path / "wrong.json").write_text('{"upto": "five"}')

    done = run("chain", orchestration, tmp_path / "wrong.json")

    assert done.status == 1
    assert "split" in done.err
