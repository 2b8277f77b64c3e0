"""Zips: the same sources give the same bytes, and the component functions are the same in every orchestration."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from scripts import paths
from scripts.files import write_if_changed
from scripts.orchestrations import ORCHESTRATIONS
from scripts.package.functions import function_zip, functions_of, recorder_zip
from scripts.package.source import Source
from scripts.package.workflow.model import RECORDER
from scripts.package.workflow.next_files import next_file
from scripts.package.zips import files_under, zip_bytes

DEPLOYED = [(orchestration, function) for orchestration in ORCHESTRATIONS for function in functions_of(orchestration)]


def contents(orchestration: str, function: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packaged(orchestration, function))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packaged(orchestration: str, function: str) -> bytes:
    places = {place.name: place for place in Source().places(orchestration)}
    return recorder_zip() if function == RECORDER else function_zip(Source(), places[function])


def components() -> list[str]:
    return sorted({function for _, function in DEPLOYED} - {RECORDER})


def test_each_orchestration_deploys_its_functions() -> None:
    assert functions_of("sfn") == ("mapper", "partition", "reducer", "summary", RECORDER)
    for entered in ("http_sync_s3", "http_only"):
        assert functions_of(entered) == ("unum_map", "mapper", "partition", "reducer", "summary", RECORDER)
    for triggered in ("s3_triggers", "dynamodb_triggers"):
        assert functions_of(triggered) == ("mapper", "partition", "reducer", "summary", RECORDER)


def test_component_functions_are_compared_over_all_orchestrations() -> None:
    assert len(ORCHESTRATIONS) >= 5
    for function in set(components()) - {"unum_map"}:
        assert [orchestration for orchestration, name in DEPLOYED if name == function] == list(ORCHESTRATIONS)


@pytest.mark.parametrize(("orchestration", "function"), DEPLOYED)
def test_zip_mirrors_the_repository(orchestration: str, function: str) -> None:
    files = contents(orchestration, function)
    files.pop(".next", None)

    assert "runtime/orchestration/entry.py" in files
    assert {name: (paths.ROOT / name).read_bytes() for name in files} == files


@pytest.mark.parametrize(("orchestration", "function"), DEPLOYED)
def test_zip_holds_its_own_component_alone(orchestration: str, function: str) -> None:
    folders = {"/".join(name.split("/")[:2]) for name in contents(orchestration, function) if name.startswith("functions/")}

    assert folders == (set() if function == RECORDER else {f"functions/{function}"})


@pytest.mark.parametrize(("orchestration", "function"), DEPLOYED)
def test_zip_holds_nothing_made(orchestration: str, function: str) -> None:
    assert [
        name for name in contents(orchestration, function) if "__pycache__" in name or not name.endswith((".py", ".next"))
    ] == []


@pytest.mark.parametrize(("orchestration", "function"), DEPLOYED)
def test_same_sources_give_the_same_bytes(orchestration: str, function: str) -> None:
    assert packaged(orchestration, function) == packaged(orchestration, function)


@pytest.mark.parametrize("function", components())
def test_bytes_of_functions_are_the_same_in_every_orchestration(function: str) -> None:
    zips = [contents(orchestration, function) for orchestration in ORCHESTRATIONS if function in functions_of(orchestration)]

    parts = [{name: content for name, content in files.items() if name.startswith("functions/")} for files in zips]
    assert parts[0] != {}
    assert all(part == parts[0] for part in parts)


@pytest.mark.parametrize("function", components())
def test_only_the_next_file_depends_on_the_orchestration(function: str) -> None:
    zips = [contents(orchestration, function) for orchestration in ORCHESTRATIONS if function in functions_of(orchestration)]
    for files in zips:
        files.pop(".next", None)

    assert all(files == zips[0] for files in zips)


@pytest.mark.parametrize(("orchestration", "function"), [pair for pair in DEPLOYED if pair[1] != RECORDER])
def test_place_in_the_workflow_is_packaged(orchestration: str, function: str) -> None:
    [place] = [place for place in Source().places(orchestration) if place.name == function]

    assert contents(orchestration, function)[".next"] == next_file(place)


def test_recorder_has_no_place_in_the_workflow() -> None:
    assert ".next" not in contents("http_sync_s3", RECORDER)


def test_workflow_of_its_own_has_its_own_functions_and_the_repositorys_entry() -> None:
    folder = paths.ROOT / "tests" / "workflows" / "two_fan_outs"
    source = Source(folder / "two_fan_outs.asl.json", folder / "functions")
    zips = {place.name: function_zip(source, place) for place in source.places("http_only")}

    assert list(zips) == ["unum_map", "weigh", "choose", "shout", "list_up"]
    for name, content in zips.items():
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            own = [path for path in archive.namelist() if path.startswith("functions/")]
            home = paths.ROOT if name == "unum_map" else folder
            assert own == [f"functions/{name}/{name}.py"]
            assert archive.read(own[0]) == (home / own[0]).read_bytes()


def test_order_time_and_mode_of_the_files_change_nothing(tmp_path: Path) -> None:
    for folder, names, time, mode in (("one", "ab", 10**9, 0o600), ("other", "ba", 1.5 * 10**9, 0o755)):
        (tmp_path / folder).mkdir()
        for name in names:
            path = tmp_path / folder / name
            path.write_text(name)
            path.chmod(mode)
            os.utime(path, (time, time))

    one, other = (zip_bytes(files_under(tmp_path / folder, tmp_path / folder)) for folder in ("one", "other"))

    assert one == other


def test_order_in_which_files_are_named_changes_nothing() -> None:
    assert zip_bytes({"b": b"", "a": b""}) == zip_bytes({"a": b"", "b": b""})


def test_another_content_gives_other_bytes() -> None:
    assert zip_bytes({"a": b"1"}) != zip_bytes({"a": b"2"})


def test_packaged_files_are_readable_by_all() -> None:
    with zipfile.ZipFile(io.BytesIO(zip_bytes({"a": b""}))) as archive:
        assert archive.getinfo("a").external_attr >> 16 == 0o100644


def test_byte_code_and_hidden_files_stay_out(tmp_path: Path) -> None:
    for name in ("a.py", "b.pyc", "__pycache__/c.py", ".hidden/d.py", ".e", "deep/er/f.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    assert sorted(files_under(tmp_path, tmp_path)) == ["a.py", "deep/er/f.py"]


def test_file_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"

    assert [write_if_changed(path, content) for content in (b"1", b"1", b"2")] == [True, False, True]
    assert path.read_bytes() == b"2"
    assert list(path.parent.iterdir()) == [path]
