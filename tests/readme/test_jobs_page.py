"""The commands of docs/jobs.md, in order, in a copy of the repository; and its Python."""

import re
import subprocess
import sys
from pathlib import Path

from scripts import paths
from scripts.jobs.job import Job
from tests.readme.newcomer import ROOT, shell

PAGE = (ROOT / "docs" / "jobs.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[str]:
    return [text for name, text in BLOCKS if name == kind]


def test_commands_of_the_page_work_as_written(clone: Path) -> None:
    lines = [line for text in blocks("sh") for line in text.splitlines()]
    assert any(line.startswith("make try") for line in lines)

    try:
        shell(clone, lines, timeout=600)
    finally:
        shell(clone, ["make local-down"])


def test_job_toml_of_the_page_can_be_read(tmp_path: Path) -> None:
    for name in ("user_map", "user_reduce", "map_visits", "reduce_visits", "combine_visits"):
        (tmp_path / f"{name}.py").touch()
    (told,) = blocks("toml")
    (tmp_path / "job.toml").write_text(told, encoding="utf-8")

    job = Job.read(tmp_path)

    assert (job.name, job.steps[0].params, job.input.header) == ("top-urls", {"smallest": 5}, True)


def test_every_sample_is_on_the_page() -> None:
    named = set(re.findall(r"^\| `samples/jobs/(\w+)` ", PAGE, re.MULTILINE))

    assert named == {folder.name for folder in (paths.ROOT / "samples" / "jobs").iterdir()}


def told_by(module: str) -> str:
    done = subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def options_in(text: str) -> set[str]:
    return set(re.findall(r"--[a-z][a-z-]*", text))


def test_page_has_every_option_of_a_run_and_no_other() -> None:
    offered = options_in(told_by("scripts.client")) | options_in(told_by("scripts.inline"))

    assert options_in(PAGE) == offered


def test_every_target_of_the_page_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()

    targets = set(re.findall(r"(?:`|^)make ([a-z][a-z-]*)", PAGE, re.MULTILINE))

    assert {target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()
