"""What of a job's folder is packaged, and what is told of the rest."""

import os
import string
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.jobs import folder as folders
from scripts.jobs.fields import JobError
from scripts.jobs.folder import contents

_NAMES = st.text(string.ascii_letters + " #%ä", min_size=1, max_size=6).filter(lambda name: name.strip() == name)


def write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)


def test_modules_packages_and_data_files_go(tmp_path: Path) -> None:
    write(tmp_path, "user_map.py", "helper/__init__.py", "data/stop words.txt", "notes")

    assert list(contents(tmp_path).files) == ["data/stop words.txt", "helper/__init__.py", "notes", "user_map.py"]


@pytest.mark.parametrize("path", [".git/config", ".venv/lib/a.py", ".env", "__pycache__/a.pyc", "x/a.pyc", "job.toml"])
def test_what_no_function_needs_stays_without_a_word(tmp_path: Path, path: str) -> None:
    write(tmp_path, "user_map.py", path)

    found = contents(tmp_path)

    assert (list(found.files), found.left_out) == (["user_map.py"], [])


def test_virtual_environment_of_any_name_stays_and_is_told(tmp_path: Path) -> None:
    write(tmp_path, "user_map.py", "env/pyvenv.cfg", "env/lib/python3.13/site-packages/regex.py")

    found = contents(tmp_path)

    assert (list(found.files), found.left_out) == (["user_map.py"], ["env/ (a virtual environment)"])


def test_what_job_toml_leaves_out_stays_and_is_told(tmp_path: Path) -> None:
    write(tmp_path, "user_map.py", "input.csv", "data/a.txt", "data/b/c.txt", "database.py")

    found = contents(tmp_path, ["*.csv", "data/"])

    assert list(found.files) == ["database.py", "user_map.py"]
    assert found.left_out == ["data/a.txt (leave_out)", "data/b/c.txt (leave_out)", "input.csv (leave_out)"]


def test_large_file_stays_and_is_told_with_its_size(tmp_path: Path) -> None:
    with (tmp_path / "access.log").open("wb") as file:
        file.truncate(40 * 1024 * 1024)

    found = contents(tmp_path)

    assert (found.files, found.left_out) == ({}, ["access.log (40 MB, more than 32 MB)"])


def test_too_many_files_are_refused_with_what_to_leave_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_BYTES", 1024 * 1024)
    for name in ("a", "b", "c"):
        write(tmp_path, f"logs/{name}")
        (tmp_path / "logs" / name).write_bytes(bytes(700_000))

    with pytest.raises(JobError, match=r'holds 2 MB in 3 files, and a function may have 1 MB.*leave_out = \["logs"\]'):
        contents(tmp_path)


def test_linked_file_goes_and_a_linked_folder_does_not(tmp_path: Path) -> None:
    write(tmp_path, "elsewhere/a.py", "job/user_map.py")
    (tmp_path / "job" / "a.py").symlink_to(tmp_path / "elsewhere" / "a.py")
    (tmp_path / "job" / "again").symlink_to(tmp_path / "job")
    (tmp_path / "job" / "gone").symlink_to(tmp_path / "nowhere")

    found = contents(tmp_path / "job")

    assert list(found.files) == ["a.py", "user_map.py"]
    assert [line.partition(" (")[0] for line in found.left_out] == ["again", "gone"]


@given(st.sets(st.lists(_NAMES, min_size=1, max_size=3).map("/".join), max_size=8))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_file_goes_once_under_its_own_path(tmp_path_factory: pytest.TempPathFactory, paths: set[str]) -> None:
    folder = tmp_path_factory.mktemp("job")
    files = {path for path in paths if not any(other.startswith(f"{path}/") for other in paths)}
    write(folder, *files)

    assert contents(folder).read() == {path: path.encode() for path in sorted(files, key=os.fsencode)}
