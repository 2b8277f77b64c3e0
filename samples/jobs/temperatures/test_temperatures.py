"""A test of this job, as you may write one beside your own: the true code runs it, in memory. See docs/jobs.md, "Test it"."""

from pathlib import Path

from scripts.inline import run_job

JOB = Path(__file__).parent


def test_average_and_maximum_of_each_station() -> None:
    text = "2026-01-01 north -2.0\n2026-01-01 south 15.0\n2026-01-02 north 3.0\n"

    assert run_job(JOB, text) == {"north": {"average": 0.5, "maximum": 3.0}, "south": {"average": 15.0, "maximum": 15.0}}


def test_texts_of_several_mappers_are_taken_together() -> None:
    assert run_job(JOB, ["d1 north 1.0\n", "\n", "d2 north 2.0\n"])["north"] == {"average": 1.5, "maximum": 2.0}
