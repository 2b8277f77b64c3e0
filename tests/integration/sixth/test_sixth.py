"""A sixth orchestration, made in a copy of the repository from nothing but the list in docs/orchestrations.md.

`tree/` holds the files of `last_out`, whose branches look whether all have returned. Each lies at a place that the list names.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import paths

pytestmark = pytest.mark.xdist_group("sixth")

NAME = "last_out"
TREE = Path(__file__).with_name("tree")
LIST = (paths.ROOT / "docs" / "orchestrations.md").read_text("utf-8").partition("\n## Add another\n")[2].partition("\n## ")[0]
PLACES = [place.replace("<name>", NAME) for place in re.findall(r"`([\w/.]*<name>[\w/.]*)`", LIST)]
EDITED = re.findall(r"`([\w/]+\.tf)` is", LIST)


def own_files() -> list[str]:
    return sorted(file.relative_to(TREE).as_posix() for file in TREE.rglob("*") if file.suffix in {".py", ".tf"})


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git knows, with the sixth orchestration in it and packaged."""
    folder = tmp_path_factory.mktemp("sixth") / "repository"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=paths.ROOT, capture_output=True, check=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (paths.ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(paths.ROOT / name, folder / name, follow_symlinks=False)
    shutil.copytree(TREE, folder, dirs_exist_ok=True)
    modules = folder / "terraform" / "modules"
    for name in ("variables.tf", "versions.tf"):  # alike in all modules that let users set nothing
        shutil.copy(modules / "s3_triggers" / name, modules / NAME)
    (entry,) = EDITED
    enter(folder / entry)
    python(folder, "-m", "scripts.package", "--orchestration", NAME)
    return folder


def enter(entry: Path) -> None:
    """Name it in both lists, and add the variable and the block that another one without settings has."""
    text = entry.read_text("utf-8")
    blocks = re.findall(r'^(?:variable|module) "s3_triggers" \{\n.*?^\}\n', text, re.DOTALL | re.MULTILINE)
    text = text.replace("  settings = {\n", f"  settings = {{\n    {NAME} = var.{NAME}\n", 1)
    text = text.replace("concat(", f"concat(module.{NAME}, ", 1)
    added = "\n".join(block.replace("s3_triggers", NAME) for block in blocks)
    entry.write_text(f"{text}\n{added}", "utf-8")


def python(folder: Path, *arguments: str, timeout: float = 280) -> str:
    """What a program of the copy prints. Fails with all of it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_list_names_each_place_that_a_sixth_needs_and_no_other() -> None:
    unlisted = [file for file in own_files() if not any(file.startswith(place) for place in PLACES)]
    unused = [place for place in PLACES if not any(file.startswith(place) for file in own_files())]

    assert (unlisted, unused, EDITED) == ([], [], ["terraform/orchestrations.tf"])


def test_make_package_makes_its_zips(repository: Path) -> None:
    made = {file.name for file in (repository / "build" / NAME).iterdir()}

    assert {f"{function}.zip" for function in ("unum_map", "mapper", "partition", "reducer", "summary", "recorder")} <= made
    assert {"workflow.json", "sources.sha256"} <= made


@pytest.mark.parametrize("command", ["client", "compare", "package", "deploy", "demo", "bench"])
def test_command_knows_it(repository: Path, command: str) -> None:
    assert NAME in python(repository, "-m", f"scripts.{command}", "--help").replace("\n", "")


def test_terraform_takes_the_root_with_it(repository: Path) -> None:
    shutil.copy(TREE.with_name(f"{NAME}.tftest.hcl"), repository / "terraform" / "tests")
    program = f"""
from scripts.deploy import targets, terraform
target = targets.checks()
program = terraform.prepare(target)
for arguments in (["validate", "-no-tests"], ["test", "-filter=tests/{NAME}.tftest.hcl"]):
    assert terraform.run_in_terminal(program, target, [*arguments, "-no-color"]) == 0, arguments
"""

    assert "2 passed, 0 failed" in python(repository, "-c", program)


SHARED = {
    "unit": [
        "compare",
        "orchestration",
        "package",
        "client/running",
        "client/test_client_cli.py",
        "test_boundaries.py",
        "test_layers.py",
    ],
    "simulation": ["test_workflows.py"],
    "integration": ["test_orchestrations.py", NAME],
}


@pytest.mark.parametrize("kind", SHARED)
def test_tests_of_every_orchestration_pick_it_up_and_pass(repository: Path, kind: str) -> None:
    files = [f"tests/{kind}/{name}" for name in SHARED[kind]]

    told = python(repository, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", NAME, *files)

    passed = re.search(r"(\d+) passed", told)
    assert passed
    assert int(passed[1]) >= {"unit": 20, "simulation": 2, "integration": 15}[kind]
    assert "skipped" not in told


def test_its_schedules_of_faults_end_well(repository: Path) -> None:
    assert ", 0 failed;" in python(repository, "-m", "tests.simulation", "--orchestration", NAME, "--schedules", "100")
