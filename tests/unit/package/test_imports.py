"""Packaging tries to import each function on a Python that has what Lambda's has, and no more."""

import zipfile
from pathlib import Path

import pytest

from scripts import paths
from scripts.package.functions import function_zip
from scripts.package.imports import ImportFailedError, Tried, check_imports
from scripts.package.source import Source
from scripts.package.zips import zip_bytes


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    return tmp_path / "build"


def tried(code: str, layers: tuple[Path, ...] = ()) -> list[str]:
    files = {"functions/mapper/mapper.py": b"import functions.mapper.user_map", "functions/mapper/user_map.py": code.encode()}
    return check_imports({"mapper": Tried(zip_bytes(files), layers, "requirements/runtime.txt")})


@pytest.mark.parametrize("code", ["", "import boto3", "import json\nprint('hello', end='')", "print('{\"where\": 1}')"])
def test_what_lambda_can_import_passes(code: str) -> None:
    assert tried(code) == []


@pytest.mark.parametrize("module", ["pytest", "rich", "scripts", "obstore"])
def test_a_package_that_only_the_tools_have_is_missing(module: str) -> None:
    with pytest.raises(
        ImportFailedError, match=f"functions/mapper/user_map.py:2: ModuleNotFoundError: No module named '{module}'"
    ):
        tried(f"\nimport {module}")


def test_a_missing_package_is_told_with_where_to_write_it() -> None:
    with pytest.raises(ImportFailedError, match=r"package that brings nowhere into requirements/runtime\.txt"):
        tried("import nowhere.at.all")


def test_what_a_layer_holds_is_found(tmp_path: Path) -> None:
    layer = tmp_path / "layer.zip"
    with zipfile.ZipFile(layer, "w") as archive:
        archive.writestr("python/of_the_layer.py", "")

    assert tried("import of_the_layer", (layer,)) == []


def test_another_functions_folder_is_not_there() -> None:
    with pytest.raises(ImportFailedError, match="A function's zip holds its own folder"):
        tried("import functions.reducer.user_reduce")


def test_a_syntax_error_is_told_with_its_line() -> None:
    with pytest.raises(ImportFailedError, match=r"functions/mapper/user_map\.py:2: SyntaxError"):
        tried("x = 1\ndef (")


def test_what_may_go_well_where_it_is_deployed_is_only_told() -> None:
    (note,) = tried("import os\nos.environ['SET_BY_TERRAFORM']")

    assert note == "the import of functions/mapper raises here, functions/mapper/user_map.py:2: KeyError: 'SET_BY_TERRAFORM'"


@pytest.mark.parametrize("code", ["import os; os._exit(0)", "import os; os._exit(3)"])
def test_an_import_that_ends_its_process_is_told(code: str) -> None:
    (note,) = tried(code)

    assert note.startswith("the import of functions/mapper ended its process, exit code ")


JOB = {
    "user_map.py": "import helper\n\ndef user_map(text): pass\n",
    "user_reduce.py": "def user_reduce(word, values): pass\n",
    "helper.py": "import pathlib\nWORDS = pathlib.Path(__file__).with_name('words.csv').read_text()\n",
    "words.csv": "to,be\n",
}


def try_job(folder: Path, files: dict[str, str]) -> list[str]:
    """Try the import of the true mapper with a job of these files, and no layer."""
    for name, content in files.items():
        (folder / name).write_text(content)
    source = Source(job=folder)
    (mapper,) = [place for place in source.places("sfn") if place.name == "mapper"]
    given = Tried(function_zip(source, mapper), (), "requirements.txt of the job", ["user_map", "user_reduce"])
    return check_imports({"mapper": given})


def test_a_job_finds_its_helper_and_its_data_file(tmp_path: Path) -> None:
    assert try_job(tmp_path, JOB) == []


def test_a_package_that_the_job_s_layer_lacks_is_told_with_the_job_s_own_file_to_write_it_in(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match=r"job/helper\.py:1.* brings nowhere into requirements.txt of the job"):
        try_job(tmp_path, JOB | {"helper.py": "import nowhere"})


def test_a_module_of_another_function_of_the_job_is_tried_too(tmp_path: Path) -> None:
    with pytest.raises(ImportFailedError, match=r"job/user_reduce\.py:1.*brings nowhere into"):
        try_job(tmp_path, JOB | {"user_reduce.py": "import nowhere"})
