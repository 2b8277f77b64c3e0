"""Another job's files take the place of the repository's own, in the functions that they belong to, and nowhere else."""

import io
import zipfile
from pathlib import Path

import pytest

from runtime.orchestration import ORCHESTRATIONS
from scripts import paths
from scripts.package import cli as command
from scripts.package import sources
from scripts.package.cli import main
from scripts.package.functions import function_zip, functions_of
from scripts.package.job import JobError, check_job

JOBS = sorted(path for path in (paths.ROOT / "samples" / "jobs").iterdir())
PLACES = {"user_map.py": "functions/mapper", "user_combine.py": "functions/mapper", "user_reduce.py": "functions/reducer"}
DEPLOYED = [(orchestration, function) for orchestration in ORCHESTRATIONS for function in functions_of(orchestration)]


def contents(orchestration: str, function: str, job: Path | None = None) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(function_zip(orchestration, function, job))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def job(tmp_path: Path) -> Path:
    folder = tmp_path / "my job"
    folder.mkdir()
    for name in PLACES:
        (folder / name).write_text(f"# {name} of another job\n")
    (folder / "input.txt").write_text("not packaged")
    return folder


@pytest.mark.parametrize(("orchestration", "function"), DEPLOYED)
def test_zip_differs_in_the_job_s_files_alone(orchestration: str, function: str, job: Path) -> None:
    own = {f"{place}/{name}": (job / name).read_bytes() for name, place in PLACES.items() if place == f"functions/{function}"}

    assert contents(orchestration, function, job) == contents(orchestration, function) | own


def test_combiner_of_the_repository_s_job_is_not_that_of_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: Path
) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "FUNCTIONS", tmp_path / "functions")
    for path in ("functions/mapper/user_map.py", "functions/mapper/user_combine.py", "runtime/empty.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (job / "user_combine.py").unlink()

    assert "functions/mapper/user_combine.py" not in contents("sfn", "mapper", job)


def test_digest_tells_the_job_and_how_to_find_it_again(job: Path) -> None:
    told = sources.digest("sfn", job)

    assert told.split(" ")[0] != sources.digest("sfn")
    assert sources.job_of(told) == job.resolve()
    assert sources.job_of(sources.digest("sfn")) is None


def test_digest_changes_with_the_job_s_files_alone(job: Path) -> None:
    before = sources.digest("sfn", job)
    (job / "input.txt").write_text("another")
    assert sources.digest("sfn", job) == before

    (job / "user_reduce.py").write_text("another")
    assert sources.digest("sfn", job) != before


@pytest.mark.parametrize("missing", ["user_map.py", "user_reduce.py"])
def test_folder_without_a_map_or_a_reduce_is_no_job(job: Path, missing: str) -> None:
    (job / missing).unlink()

    with pytest.raises(JobError, match=f"has no {missing}"):
        check_job(job)


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

    assert (tmp_path / "build" / "sfn" / "mapper.zip").read_bytes() == function_zip("sfn", "mapper", job)
    assert (tmp_path / "build" / "sfn" / sources.NAME).read_text() == sources.digest("sfn", job)


@pytest.mark.parametrize("sample", JOBS, ids=lambda path: path.name)
def test_each_sample_is_a_job_with_an_input(sample: Path) -> None:
    check_job(sample)

    assert (sample / "input.txt").is_file()
