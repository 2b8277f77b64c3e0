"""Names of a job's modules that are others' names, too."""

from pathlib import Path

import pytest

from scripts.jobs.fields import JobError
from scripts.jobs.names import check_names


def write(folder: Path, **modules: str) -> None:
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("statistics", "from statistics import mean"),
        ("statistics", "import math, statistics"),
        ("queue", "def f():\n    import queue.more"),
        ("runtime", "from runtime.mapreduce import emit"),
    ],
)
def test_name_of_another_module_that_the_job_imports_is_refused(name: str, line: str, tmp_path: Path) -> None:
    write(tmp_path, user_map=line, **{name: ""})

    with pytest.raises(JobError, match=f"user_map.py imports {name}, and .* Rename the job's"):
        check_names(tmp_path)


def test_package_of_another_s_name_is_refused_too(tmp_path: Path) -> None:
    write(tmp_path, user_map="import json")
    (tmp_path / "json").mkdir()
    check_names(tmp_path)

    (tmp_path / "json" / "__init__.py").touch()

    with pytest.raises(JobError, match="imports json"):
        check_names(tmp_path)


def test_name_that_is_only_the_job_s_or_that_nobody_imports_is_fine(tmp_path: Path) -> None:
    write(tmp_path, user_map="import helper, statistics", helper="import math", queue="def no python(:")

    check_names(tmp_path)
