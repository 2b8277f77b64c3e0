"""The sample jobs give what their inputs say, by `make try`'s own `run`."""

import pytest

from runtime.mapreduce.shuffle import LAYOUTS
from scripts.inline import run_job
from tests.one_process import load
from tests.samples import EXPECTED, JOBS, NAMES, found_lines, input_of, plain


def test_each_sample_has_an_input_and_an_expected_result() -> None:
    assert sorted(EXPECTED) == NAMES
    assert all(input_of(name).exists() for name in NAMES)


@pytest.mark.parametrize("job", [name for name in NAMES if (JOBS / name / "user_combine.py").exists()])
def test_combiner_of_parts_changes_no_result(job: str) -> None:
    loaded = load(JOBS / job)
    assert loaded.user_combine

    joined = [loaded.user_combine("word", [5, 7, 1]), loaded.user_combine("word", [2])]

    assert loaded.user_reduce("word", joined) == loaded.user_reduce("word", [5, 7, 1, 2])


@pytest.mark.parametrize("shuffle", LAYOUTS)
@pytest.mark.parametrize("job", NAMES)
def test_sample_gives_what_its_input_says(job: str, shuffle: str) -> None:
    result = run_job(JOBS / job, input_of(job), shuffle=shuffle)

    assert plain(job, result) == EXPECTED[job]


def test_bad_lines_of_access_logs_are_counted() -> None:
    result = run_job(JOBS / "access_logs", input_of("access_logs"))

    assert result.counters == {"bad lines": 1}


def test_parameters_choose_what_is_found() -> None:
    lines = run_job(JOBS / "grep", input_of("grep"), params={"pattern": "café"})
    sequences = run_job(JOBS / "ngrams", input_of("ngrams"), params={"n": 3})

    assert plain("grep", lines) == found_lines("café")
    assert sequences["to do is"] == 1
    assert all(len(sequence.split()) == 3 for sequence in sequences)
