"""Another job's files take the place of the repository's own, in the functions that they belong to, and nowhere else."""

from pathlib import Path

import pytest

from scripts import paths
from scripts.package import cli as command
from scripts.package import sources
from scripts.package.cli import main
from scripts.package.functions import component_files, function_zip
from scripts.package.job import JobError, check_job
from scripts.package.source import Source

JOBS = sorted(path for path in (paths.ROOT / "samples" / "jobs").iterdir() if (path / "user_map.py").is_file())
FUNCTIONS = [paths.FUNCTIONS / name for name in ("mapper", "reducer")]
PLACES = {"user_map.py": "functions/mapper", "user_combine.py": "functions/mapper", "user_reduce.py": "functions/reducer"}


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "my job"
    folder.mkdir()
    for name in PLACES:
        (folder / name).write_text(f"# {name} of another job\n")
    (folder / "input.txt").write_text("not packaged")
    return folder


@pytest.mark.parametrize("function", ["unum_map", "mapper", "partition", "reducer", "summary"])
def test_component_differs_in_the_job_s_files_alone(function: str, job: Path) -> None:
    own = {f"{place}/{name}": (job / name).read_bytes() for name, place in PLACES.items() if place == f"functions/{function}"}

    assert component_files(Source(job=job), function) == component_files(Source(), function) | own


def test_combiner_of_the_repository_s_job_is_not_that_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: Path
) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "FUNCTIONS", tmp_path / "functions")
    for path in ("functions/mapper/user_map.py", "functions/mapper/user_combine.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (job / "user_combine.py").unlink()

    assert "functions/mapper/user_combine.py" not in component_files(Source(job=job), "mapper")


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


def test_digest_changes_with_the_job_s_files_alone(job: Path) -> None:
    before = sources.digest("sfn", Source(job=job))
    (job / "input.txt").write_text("another")
    assert sources.digest("sfn", Source(job=job)) == before

    (job / "user_reduce.py").write_text("another")
    assert sources.digest("sfn", Source(job=job)) != before


@pytest.mark.parametrize("changed", ["functions/mine/mine.py", "functions/mine/needs.json"])
def test_digest_changes_with_functions_and_their_needs(tmp_path: Path, changed: str) -> None:
    source = Source(tmp_path / "mine.asl.json", tmp_path / "functions")
    (tmp_path / "functions" / "mine").mkdir(parents=True)
    (tmp_path / "functions" / "mine" / "mine.py").touch()
    source.workflow.write_text('{"StartAt": "a", "States": {"a": {"Type": "Task", "Resource": "mine", "End": true}}}')
    before = sources.digest("http_only", source)

    (tmp_path / changed).write_text("x = 1" if changed.endswith(".py") else '{"emits": true}')

    assert sources.digest("http_only", source) != before


@pytest.mark.parametrize("missing", ["user_map.py", "user_reduce.py"])
def test_folder_without_a_map_or_a_reduce_is_no_job(job: Path, missing: str) -> None:
    (job / missing).unlink()

    with pytest.raises(JobError, match=f"has no {missing}"):
        check_job(job, "wordcount", FUNCTIONS)


def test_command_refuses_what_is_no_job_before_it_makes_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")

    assert main(["--job", str(tmp_path / "nowhere")]) == 1
    assert "has no user_map.py and no user_reduce.py" in capsys.readouterr().err
    assert not (tmp_path / "build").exists()


def test_command_packages_the_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: Path) -> None:
    monkeypatch.setattr(paths, "BUILD", tmp_path / "build")
    for layers in ("_make_layers", "_make_local_layers"):
        monkeypatch.setattr(command, layers, lambda *_: [])
    monkeypatch.setattr(command, "check_imports", lambda zips, _: [])

    assert main(["--orchestration", "sfn", "--job", str(job)]) == 0

    source = Source(job=job)
    assert (tmp_path / "build" / "sfn" / "mapper.zip").read_bytes() == function_zip(source, source.places("sfn")[0])
    assert (tmp_path / "build" / "sfn" / sources.NAME).read_text() == sources.digest("sfn", source)


@pytest.mark.parametrize("sample", JOBS, ids=lambda path: path.name)
def test_each_sample_is_a_job_with_an_input(sample: Path) -> None:
    check_job(sample, "wordcount", FUNCTIONS)

    assert list(sample.glob("input*"))
