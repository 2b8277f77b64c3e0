"""What a run takes from its job, and which deployment a job picks."""

import dataclasses
from pathlib import Path

import pytest

from runtime.mapreduce.ranged.opening import Form
from scripts import paths
from scripts.client import cli
from scripts.client.deployment import Deployment
from scripts.client.errors import UsageError
from scripts.client.input.reading import form_of
from scripts.client.running.job import read_job, settings, take_defaults
from scripts.jobs.job import Job
from tests.fakes.deployed import wordcount


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "visits"
    made.mkdir()
    for name in ("user_map", "user_reduce", "map_hosts"):
        (made / f"{name}.py").touch()
    return made


@pytest.fixture
def deployment(folder: Path) -> Deployment:
    return Deployment(
        orchestration="sfn",
        prefix="visits",
        region="us-east-1",
        account_id="000000000000",
        endpoint_url="http://127.0.0.1:4566",
        functions={},
        buckets={"results": "x"},
        state_machine_arn=None,
        sfn_map_mode=None,
        log_groups={},
        timeout_seconds=300,
        workflow=wordcount("sfn"),
        job={"name": "visits", "folder": str(folder)},
    )


def job(folder: Path, toml: str) -> Job:
    (folder / "job.toml").write_text(toml)
    return Job.read(folder)


def test_options_that_were_not_given_are_those_of_job_toml(folder: Path) -> None:
    options = cli.parse(["input.txt"])

    take_defaults(options, job(folder, 'num_reducer = 7\nshuffle = "packed"\nchunk_bytes = 1000'))

    assert (options.num_reducer, options.shuffle, options.chunk_bytes) == (7, "packed", 1000)


def test_number_of_reducers_of_the_only_step_goes_before_that_of_the_job(folder: Path) -> None:
    options = cli.parse(["input.txt"])

    take_defaults(options, job(folder, "num_reducer = 7\n[[steps]]\nnum_reducer = 2"))

    assert options.num_reducer == 2


def test_options_that_were_given_go_before_job_toml(folder: Path) -> None:
    options = cli.parse(["input.txt", "--num-reducer", "2", "--shuffle", "objects", "--chunks", "4"])

    take_defaults(options, job(folder, 'num_reducer = 7\nshuffle = "packed"\nchunk_bytes = 1000'))

    assert (options.num_reducer, options.shuffle, options.chunks, options.chunk_bytes) == (2, "objects", 4, None)


def test_input_is_read_as_job_toml_says_unless_options_do(folder: Path) -> None:
    told = job(folder, '[input]\nformat = "csv"\nencoding = "latin-1"\nheader = ["a", "b"]\nmultiline = false')
    silent, said = cli.parse(["in.txt"]), cli.parse(["in.txt", "--format", "lines", "--encoding", "cp1252"])

    for options in (silent, said):
        take_defaults(options, told)

    assert (silent.format, silent.encoding) == ("csv", "iso8859-1")
    assert (said.format, said.encoding) == ("lines", "cp1252")
    assert form_of(silent.encoding, silent.header, silent.multiline) == Form("text", "iso8859-1", ["a", "b"], multiline=False)


def test_parameters_of_job_toml_and_of_the_run_travel_with_it(folder: Path) -> None:
    told = job(folder, "[params]\nsmallest = 3\nlabel = 'a'")

    assert settings(["smallest=5", "hosts=[1, 2]", "since=today"], told) == {
        "params": {"smallest": 5, "label": "a", "hosts": [1, 2], "since": "today"}
    }


def test_nothing_travels_where_nothing_is_asked_for(folder: Path) -> None:
    assert settings(None, job(folder, "")) == settings(None, None) == {}


def test_a_combiner_that_the_folder_has_is_the_usual_one(folder: Path) -> None:
    (folder / "user_combine.py").touch()

    assert settings(None, job(folder, "")) == {}


def test_modules_of_the_only_step_travel_with_the_run(folder: Path) -> None:
    told = job(folder, "params = {a = 1, b = 1}\n[[steps]]\nmap = 'map_hosts'\nparams = {b = 2}")

    assert settings(None, told) == {"params": {"a": 1, "b": 2}, "modules": {"map": "map_hosts", "reduce": "user_reduce"}}


def test_a_step_that_leaves_the_combiner_out_says_so(folder: Path) -> None:
    (folder / "user_combine.py").touch()

    assert settings(None, job(folder, "[[steps]]\nmap = 'user_map'")) == {"modules": {"map": "user_map", "reduce": "user_reduce"}}


@pytest.mark.parametrize("given", ["smallest", "=3", "x=" + "y" * 9000])
def test_parameters_that_can_not_be_sent_are_refused(given: str) -> None:
    with pytest.raises(UsageError):
        settings([given], None)


def test_a_deployment_is_picked_by_folder_and_by_name(deployment: Deployment, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()

    assert deployment.runs(str(folder))
    assert deployment.runs("visits")
    assert not deployment.runs(str(tmp_path / "other"))
    assert not deployment.runs("other")
    assert not dataclasses.replace(deployment, job=None).runs("visits")


def test_another_folder_of_the_same_name_is_another_job(deployment: Deployment, folder: Path, tmp_path: Path) -> None:
    namesake = tmp_path / "elsewhere" / "visits"
    namesake.parent.mkdir()
    folder.rename(namesake)
    folder.mkdir()

    assert not deployment.runs(str(namesake))


def test_a_job_that_another_machine_has_deployed_is_found_by_the_name_that_its_folder_here_has(
    deployment: Deployment, folder: Path
) -> None:
    told = dataclasses.replace(deployment, job={"name": "visits", "folder": "/of/another/machine/visits"})

    assert told.runs(str(folder))
    assert read_job(str(folder), told) == Job.read(folder)


def test_a_job_whose_folder_is_gone_is_refused_with_what_to_say(deployment: Deployment) -> None:
    told = dataclasses.replace(deployment, job={"name": "visits", "folder": "/nowhere/visits"})

    with pytest.raises(UsageError, match=r"nowhere/visits is no folder.*say where it lies with --job FOLDER"):
        read_job(None, told)


def test_a_folder_in_the_repository_is_found_from_anywhere(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    told = dataclasses.replace(deployment, job={"name": "grep", "folder": "samples/jobs/grep"})

    found = read_job(None, told)

    assert found
    assert found.folder == paths.ROOT / "samples" / "jobs" / "grep"
