"""Sample jobs give in either layout what one process gives, with their combiner and without: one with floats, one with sums."""

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.mapreduce.shuffle import LAYOUTS
from scripts import paths
from tests.one_process import Job, load
from tests.simulation.scenario import Scenario
from tests.simulation.simulation import simulate

SAMPLES = paths.ROOT / "samples" / "jobs"
DEGREES = st.integers(-400, 400).map(lambda tenths: tenths / 10)
LINES = {
    "temperatures": st.builds("2026-01-31 {} {}".format, st.sampled_from(["north", "south", "é"]), DEGREES),
    "access_logs": st.builds(
        '10.0.0.1 - - [27/Nov/2026:08:00:01 +0000] "GET {} HTTP/1.1" 200 {}'.format,
        st.sampled_from(["/", "/a", "/é"]),
        st.integers(0, 10**7),
    ),
}
"""Of each sample's input."""

WITH_COMBINER = [name for name in LINES if (SAMPLES / name / "user_combine.py").exists()]

each_layout = pytest.mark.parametrize("shuffle", LAYOUTS)


def texts_of(name: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.lists(LINES[name], max_size=12).map("\n".join), min_size=1, max_size=4).map(tuple)


def violations(job: Job, texts: tuple[str, ...], num_reducer: int, shuffle: str) -> list[str]:
    """What is wrong with a run without faults; another result than that of one process, without the combiner, is."""
    scenario = Scenario(texts, num_reducer, "survivable", shuffle=shuffle, job=job)
    return simulate("sfn", 1, scenario=scenario, forced={}).violations


@each_layout
@pytest.mark.parametrize("name", LINES)
@settings(max_examples=60, database=None, deadline=None)
@given(data=st.data(), num_reducer=st.integers(1, 4))
def test_sample_gives_what_one_process_gives(name: str, shuffle: str, data: st.DataObject, num_reducer: int) -> None:
    texts, job = data.draw(texts_of(name)), load(SAMPLES / name)

    assert violations(job, texts, num_reducer, shuffle) == []
    assert violations(replace(job, user_combine=None), texts, num_reducer, shuffle) == []


@pytest.mark.parametrize("name", WITH_COMBINER)
def test_combiner_is_used_in_packed_alone(name: str) -> None:
    job, calls = load(SAMPLES / name), count()
    assert job.user_combine
    combine = job.user_combine
    watched = replace(job, user_combine=lambda word, values: (next(calls), combine(word, values))[1])
    texts = ('h - - [] "GET / HTTP/1.1" 200 5\nh - - [] "GET / HTTP/1.1" 200 7',) * 2

    assert violations(watched, texts, 2, "objects") == []
    assert next(calls) == 0
    assert violations(watched, texts, 2, "packed") == []
    assert next(calls) > 1
