"""Where the programmer's functions are found: in a program whose root holds the runtime, as a package does."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime.mapreduce.user_code import preload, told, user_function, using
from scripts import paths

PROGRAM = """
import json, sys
from runtime.mapreduce import Job, user_function
from runtime.mapreduce.user_code import told

def find(kind):
    try:
        found = user_function(kind, "mine")
        return found and [told(kind, found), found()]
    except Exception as error:
        return f"{type(error).__name__}: {error}"

with Job.of(json.loads(sys.argv[1])).in_force():
    print(json.dumps({kind: find(kind) for kind in ("map", "reduce", "combine")}))
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(paths.ROOT / "runtime", tmp_path / "runtime", ignore=shutil.ignore_patterns("__pycache__", "orchestration"))
    write(tmp_path / "mine", user_map="def user_map(): return 'default'", user_reduce="def user_reduce(): return 'default'")
    return tmp_path


def write(folder: Path, **modules: str) -> None:
    folder.mkdir()
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(text)


def found(root: Path, **message: Any) -> dict[str, Any]:
    command = [sys.executable, "-c", PROGRAM, json.dumps(message)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=True)
    return dict(json.loads(done.stdout))


def test_functions_are_the_component_s_own_where_no_job_is_packaged(root: Path) -> None:
    assert found(root) == {
        "map": ["user_map in mine/user_map.py", "default"],
        "reduce": ["user_reduce in mine/user_reduce.py", "default"],
        "combine": None,
    }


def test_packaged_job_is_used_with_what_lies_beside_its_modules(root: Path) -> None:
    write(
        root / "job",
        user_map="import helper\nfrom pathlib import Path\nDATA = Path(__file__).with_name('data.txt')\n"
        "def user_map(): return helper.read(DATA)",
        user_combine="def user_combine(): return 'combined'",
        helper="def read(path): return path.read_text()",
    )
    (root / "job" / "data.txt").write_text("data")

    assert found(root) == {
        "map": ["user_map in job/user_map.py", "data"],
        "reduce": "ModuleNotFoundError: No module named 'user_reduce'",
        "combine": ["user_combine in job/user_combine.py", "combined"],
    }


def test_modules_that_the_run_names_take_the_place_of_the_usual_ones(root: Path) -> None:
    write(
        root / "job",
        split="def user_map(): return 'split'",
        join="def user_map(): return 'join'",
        user_combine="def user_combine(): return 'combined'",
    )

    assert found(root, job={"modules": {"map": "split", "reduce": "join"}}) == {
        "map": ["user_map in job/split.py", "split"],
        "reduce": "ImportError: job/join.py has no user_reduce; write def user_reduce(word, values)",
        "combine": None,
    }
    assert found(root, job={"modules": {"combine": "no_such"}})["combine"] == "ModuleNotFoundError: No module named 'no_such'"


def test_module_is_imported_with_no_run_in_force(root: Path) -> None:
    write(root / "job", user_map="from runtime.mapreduce import param\nLIMIT = param('limit', 3)\ndef user_map(): return LIMIT")

    assert "RuntimeError: param('limit') works only while" in found(root, job={"params": {"limit": 4}})["map"]


def test_functions_in_force_go_before_all_modules() -> None:
    def own(text: str) -> None:
        """A map."""

    with using({"map": own}):
        assert user_function("map", "functions.mapper") is own
        assert user_function("combine", "functions.mapper") is None
    assert told("map", own) == "user_map in tests/unit/mapreduce/test_user_code.py"
    assert told("map", len) == "user_map"


def test_function_that_the_default_job_lacks_is_missed_when_the_component_is_imported() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"functions\.partition\.user_map"):
        preload("functions.partition", "combine", "map")
