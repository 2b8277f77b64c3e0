"""A job's folder goes into the zips of the functions with user code, and into packages of its own; no function file differs."""

import json
from pathlib import Path

import pytest

from scripts import paths
from scripts.package import cli as command
from scripts.package import size, sources
from scripts.package.cli import main
from scripts.package.functions import component_files, function_zip
from scripts.package.imports import Tried
from scripts.package.layer import LayerError
from scripts.package.source import Source
from scripts.package.zips import zip_bytes

SAMPLES = sorted((paths.ROOT / "samples" / "jobs").iterdir())
USER_CODE = ("mapper", "reducer")


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "my job"
    folder.mkdir()
    for name in ("user_map.py", "user_reduce.py", "helper.py", "words.csv"):
        (folder / name).write_text(f"# {name} of another job\n")
    return folder


@pytest.mark.parametrize("function", ["unum_map", "mapper", "partition", "reducer", "summary"])
def test_component_has_the_whole_folder_beside_it_if_it_has_user_code_and_is_the_same_else(function: str, job: Path) -> None:
    folder = {f"job/{path.name}": path.read_bytes() for path in job.iterdir()} if function in USER_CODE else {}

    assert component_files(Source(job=job), function) == component_files(Source(), function) | folder


def test_digest_tells_the_job_and_how_to_find_it_again(job: Path) -> None:
    told = sources.digest("sfn", Source(job=job))

    assert told.split(" ")[0] != sources.digest("sfn", Source())
    assert sources.source_of(told) == Source(job=job.resolve())
    assert sources.source_of(sources.digest("sfn", Source())) == Source()


def test_digest_tells_the_workflow_and_its_functions() -> None:
    folder = paths.ROOT / "tests" / "workflows" / "chain"
    source = Source(folder / "chain.asl.json", folder / "functions")

    told = sources.digest("sfn", source)

    assert told.partition(" ")[2] == (
        '{"WORKFLOW": "tests/workflows/chain/chain.asl.json", "FUNCTIONS": "tests/workflows/chain/functions"}'
    )
    assert sources.source_of(told) == source


@pytest.mark.parametrize("changed", ["user_reduce.py", "helper.py", "words.csv", "more/words.csv", "requirements.txt"])
def test_digest_changes_with_what_is_packaged_of_the_job(job: Path, changed: str) -> None:
    before = sources.digest("sfn", Source(job=job))

    (job / changed).parent.mkdir(exist_ok=True)
    (job / changed).write_text("regex==2024.11.6\n")

    assert sources.digest("sfn", Source(job=job)) != before


def test_digest_does_not_change_with_settings_of_a_run(job: Path) -> None:
    before = sources.digest("sfn", Source(job=job))

    (job / "job.toml").write_text("num_reducer = 7\n[params]\nsmallest = 3\n")

    assert sources.digest("sfn", Source(job=job)) == before


@pytest.mark.parametrize("changed", ["functions/mine/mine.py", "functions/mine/needs.json"])
def test_digest_changes_with_functions_and_their_needs(tmp_path: Path, changed: str) -> None:
    source = Source(tmp_path / "mine.asl.json", tmp_path / "functions")
    (tmp_path / "functions" / "mine").mkdir(parents=True)
    (tmp_path / "functions" / "mine" / "mine.py").touch()
    source.workflow.write_text('{"StartAt": "a", "States": {"a": {"Type": "Task", "Resource": "mine", "End": true}}}')
    before = sources.digest("http_only", source)

    (tmp_path / changed).write_text("x = 1" if changed.endswith(".py") else '{"emits": true}')

    assert sources.digest("http_only", source) != before


def test_command_refuses_what_is_no_job_before_it_makes_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")

    assert main(["--job", str(tmp_path / "nowhere")]) == 1
    assert "nowhere is no folder; a job is a folder with user_map.py and user_reduce.py" in capsys.readouterr().err
    assert not (tmp_path / "build").exists()


@pytest.fixture
def without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder in which layers are made without pip: each is a zip of what it was made from."""
    build = tmp_path / "build"
    monkeypatch.setattr(paths, "BUILD", build)

    def make(name: str, platform: object, folder: Path, asked: Path | None = None) -> bool:
        if asked is not None and "nowhere" in asked.read_text():
            raise LayerError("there is no wheel of nowhere")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.zip").write_bytes(zip_bytes({"made-of": asked.read_bytes() if asked else b""}))
        (folder / f"{name}.stamp").touch()
        return True

    monkeypatch.setattr(command, "make_layer", make)
    monkeypatch.setattr(command, "check_imports", lambda functions: tried.update(functions) or [])
    tried: dict[str, Tried] = {}
    return build


def test_command_packages_the_job_in_a_folder_of_its_own(without_pip: Path, job: Path) -> None:
    assert main(["--orchestration", "sfn", "--job", str(job)]) == 0

    source, made = Source(job=job), without_pip / "jobs" / "my-job"
    assert (made / "sfn" / "mapper.zip").read_bytes() == function_zip(source, source.places("sfn")[0])
    assert (made / "sfn" / sources.NAME).read_text() == sources.digest("sfn", source)
    assert json.loads((made / "sfn" / "workflow.json").read_text())["job"] == {"name": "my job", "folder": str(job)}
    assert sorted(path.relative_to(made).as_posix() for path in made.rglob("*layer.zip")) == ["layer.zip", "local/layer.zip"]
    assert not (without_pip / "sfn").exists()


def test_requirements_become_a_layer_for_lambda_and_one_for_this_machine_as_long_as_there_are_some(
    without_pip: Path, job: Path
) -> None:
    layers = [without_pip / "jobs" / "my-job" / name for name in ("job-layer.zip", "local/job-layer.zip")]
    for asked, made in (("regex\n", True), ("# none\n", False)):
        (job / "requirements.txt").write_text(asked)

        assert main(["--orchestration", "sfn", "--job", str(job)]) == 0

        assert [layer.exists() for layer in layers] == [made, made]


def test_layer_of_an_older_requirements_txt_does_not_stay_when_the_newer_can_not_be_met(
    without_pip: Path, job: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (job / "requirements.txt").write_text("regex\n")
    main(["--orchestration", "sfn", "--job", str(job)])
    (job / "requirements.txt").write_text("nowhere\n")

    assert main(["--orchestration", "sfn", "--job", str(job)]) == 1

    assert "there is no wheel of nowhere" in capsys.readouterr().err
    assert not (without_pip / "jobs" / "my-job" / "job-layer.zip").exists()


def test_what_is_left_out_of_the_folder_is_told(without_pip: Path, job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (job / "job.toml").write_text('leave_out = ["words.csv"]')

    assert main(["--orchestration", "sfn", "--job", str(job)]) == 0

    assert "note: left out of the job: words.csv (leave_out)" in capsys.readouterr().err


def test_function_that_is_too_large_with_its_layers_is_refused(
    without_pip: Path, job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(size, "MOST_BYTES", 3 * 1024 * 1024)
    (job / "words.csv").write_bytes(bytes(4 * 1024 * 1024))

    assert main(["--orchestration", "sfn", "--job", str(job)]) == 1

    said = capsys.readouterr().err
    assert "mapper has 4 MB unzipped, and Lambda takes 3 MB: mapper.zip 4 MB, layer.zip 0 MB" in said
    assert "or name in job.toml what the job can leave_out" in said


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_each_sample_is_a_job_with_an_input(sample: Path) -> None:
    Source(job=sample).read_job()

    assert list(sample.glob("input*"))
