"""Packaging tries to import each function on a Python that has what Lambda's has, and no more."""

import zipfile
from pathlib import Path

import pytest

from scripts import paths
from scripts.package.imports import ImportFailedError, check_imports
from scripts.package.zips import zip_bytes


@pytest.fixture(autouse=True)
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    return tmp_path / "build"


def tried(code: str, layers: tuple[Path, ...] = ()) -> list[str]:
    files = {"functions/mapper/mapper.py": b"import functions.mapper.user_map", "functions/mapper/user_map.py": code.encode()}
    return check_imports({"mapper": zip_bytes(files)}, layers)


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
