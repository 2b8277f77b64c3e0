"""A job's folder and its job.toml: what is read, and what is refused with which words."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.deploy.choice import choose
from scripts.jobs.job import Input, Job, JobError, Step


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "visits"
    found.mkdir()
    for name in ("user_map.py", "user_reduce.py"):
        (found / name).touch()
    return found


def test_a_folder_without_job_toml_is_a_job_of_its_folders_name_and_one_step(folder: Path) -> None:
    job = Job.read(folder)

    assert job == Job(folder, "visits", steps=(Step(),))


def test_a_combiner_is_used_if_the_folder_has_one(folder: Path) -> None:
    (folder / "user_combine.py").touch()

    assert Job.read(folder).steps == (Step(combine="user_combine"),)


def test_all_that_job_toml_may_say_is_read(folder: Path) -> None:
    for name in ("first", "second", "joined"):
        (folder / f"{name}.py").touch()
    (folder / "job.toml").write_text("""
        name = "Top URLs"
        num_reducer = 4
        shuffle = "packed"
        chunk_bytes = 1048576
        [input]
        format = "csv"
        encoding = "latin-1"
        header = ["url", "bytes"]
        multiline = false
        [params]
        smallest = 3
        names = ["a", "b"]
        [[steps]]
        map = "first"
        combine = "joined"
        num_reducer = 2
        params = { smallest = 5 }
        [[steps]]
        reduce = "second"
    """)

    job = Job.read(folder)

    assert (job.name, job.shuffle, job.chunk_bytes) == ("Top URLs", "packed", 1048576)
    assert job.input == Input("csv", "iso8859-1", ("url", "bytes"), False)
    assert job.params == {"smallest": 3, "names": ["a", "b"]}
    assert job.steps == (
        Step("first", "user_reduce", "joined", num_reducer=2, params={"smallest": 5}),
        Step("user_map", "second", num_reducer=4),
    )


@pytest.mark.parametrize(
    ("toml", "refusal"),
    [
        ("nam = 'x'", "unknown key 'nam'; did you mean 'name'? Known keys here: name, num_reducer, shuffle"),
        ("colour = 'red'", "unknown key 'colour'. Known keys here: name,"),
        ("input.formatt = 'csv'", "unknown key 'input.formatt'; did you mean 'format'?"),
        ("steps = [{mapp = 'user_map'}]", "unknown key 'steps[0].mapp'"),
        ("name = ''", "'name' must be a string that is not empty, and is ''"),
        ("num_reducer = 0", "'num_reducer' must be a whole number from 1 to"),
        ("num_reducer = true", "'num_reducer' must be a whole number"),
        ("shuffle = 'packd'", "'shuffle' must be one of objects, packed, and is 'packd'"),
        ("chunk_bytes = 1.5", "'chunk_bytes' must be a whole number, 1 or more, and is 1.5"),
        ("input = 'csv'", "'input' must be a table, and is 'csv'"),
        ("input.format = 'xml'", "'input.format' must be one of csv, jsonl, lines, text"),
        ("input.encoding = 'hex'", "'input.encoding' must be an encoding that Python knows"),
        ("input.encoding = 'utf-9'", "'input.encoding' must be an encoding that Python knows"),
        ("input.header = ['a', 'a']", "'input.header' must be true, false, or a list of different column names"),
        ("input.multiline = 'no'", "'input.multiline' must be true or false, and is 'no'"),
        ("params.since = 2024-01-01", "'params' must be a table of values that JSON has"),
        ("params.most = inf", "'params' must be a table of values that JSON has"),
        ("params = 3", "'params' must be a table of values that JSON has"),
        ("steps = []", "'steps' must be one or more tables [[steps]]"),
        ("steps = [{map = 'a/b'}]", "'steps[0].map' must be the name of a module"),
        (
            "steps = [{map = 'operator'}]",
            "'steps[0].map' must be the name of a module that Python has none of, for it would find",
        ),
        ("steps = [{map = 'gone'}]", "names the module gone, and there is no gone.py in"),
        ("name = ", "can't be read as TOML"),
    ],
)
def test_what_job_toml_may_not_say_is_refused_with_file_and_key(folder: Path, toml: str, refusal: str) -> None:
    (folder / "job.toml").write_text(toml)

    with pytest.raises(JobError, match=rf"job\.toml.*{re.escape(refusal)}"):
        Job.read(folder)


@pytest.mark.parametrize("missing", ["user_map.py", "user_reduce.py"])
def test_a_folder_that_lacks_a_module_is_no_job(folder: Path, missing: str) -> None:
    (folder / missing).unlink()

    with pytest.raises(JobError, match=f"is no job: there is no {missing}"):
        Job.read(folder)


def test_what_is_no_folder_is_no_job(folder: Path) -> None:
    with pytest.raises(JobError, match=r"user_map\.py is no folder; a job is a folder with"):
        Job.read(folder / "user_map.py")


@pytest.mark.parametrize(
    ("name", "prefix"),
    [("visits", "visits"), ("Top URLs", "top-urls"), ("a_b__c.d", "a-b-c-d"), ("2024", "job-2024")],
)
def test_a_name_is_made_fit_for_aws(name: str, prefix: str) -> None:
    assert Job(Path(), name).prefix == prefix


@given(st.text(min_size=1, max_size=60))
def test_every_name_gives_a_prefix_that_a_deployment_may_have(name: str) -> None:
    prefix = Job(Path(), name).prefix

    assert choose("sfn", prefix).prefix == prefix


def test_long_names_and_foreign_ones_that_differ_keep_different_prefixes() -> None:
    names = ["x" * 30 + "1", "x" * 30 + "2", "Wörter", "Wärter"]

    assert len({Job(Path(), name).prefix for name in names}) == len(names)
