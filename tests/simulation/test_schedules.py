"""Thousands of schedules of faults for each orchestration. A failing one is shrunk and told, with the command that replays it.

The seeds are the same each time: a schedule that passes today passes tomorrow, unless the runtime changed. New ones: `make soak`.
"""

import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.mapreduce.shuffle import LAYOUTS
from scripts import paths
from scripts.orchestrations import ORCHESTRATIONS
from tests.one_process import Job
from tests.simulation import jobs
from tests.simulation.faults import REQUEST_KINDS
from tests.simulation.scenario import WORDS, Scenario
from tests.simulation.simulation import Report, shrink, simulate

SCHEDULES = 1000
_BLOCK = 250

each_orchestration = pytest.mark.parametrize("orchestration", ORCHESTRATIONS)


@each_orchestration
@pytest.mark.parametrize("first", range(0, SCHEDULES, _BLOCK))
def test_schedules(orchestration: str, first: int) -> None:
    for seed in range(first, first + _BLOCK):
        report = simulate(orchestration, seed)
        if report.violations:
            pytest.fail(_told(shrink(report)))


texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), max_size=4).map(tuple)
forced_faults = st.dictionaries(st.integers(1, 80), st.sampled_from(REQUEST_KINDS), max_size=6)


@each_orchestration
@settings(max_examples=100, database=None, deadline=None)
@given(
    texts=texts,
    num_reducer=st.integers(1, 4),
    small=st.booleans(),
    shuffle=st.sampled_from(LAYOUTS),
    job=st.sampled_from(jobs.JOBS),
    seed=st.integers(0, 1000),
    faults=forced_faults,
)
def test_faults_at_chosen_requests(
    orchestration: str,
    texts: tuple[str, ...],
    num_reducer: int,
    small: bool,
    shuffle: str,
    job: Job,
    seed: int,
    faults: dict[int, str],
) -> None:
    """Here Hypothesis chooses which request meets which fault, and shrinks that: `faults` is by the number of the request."""
    scenario = Scenario(
        texts, num_reducer, "survivable", small_carriers=small, small_blocks=small, page_size=2, shuffle=shuffle, job=job
    )

    report = simulate(orchestration, seed, scenario=scenario, forced=faults)

    assert report.violations == []


@each_orchestration
def test_schedule_depends_on_its_seed_alone(orchestration: str) -> None:
    traces = []
    for hash_seed in ("1", "2"):
        command = [sys.executable, "-m", "tests.simulation", "--orchestration", orchestration, "--schedules", "4", "--trace"]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        ran = subprocess.run(command, cwd=paths.ROOT, env=environment, capture_output=True, text=True, timeout=60, check=True)
        traces.append([line for line in ran.stdout.splitlines() if "schedules in" not in line])

    assert len(traces[0]) > 100
    assert traces[0] == traces[1]


def _told(report: Report) -> str:
    happened = "\n".join(report.lines[-200:])
    return f"{report.violations}\n\n{happened}\n\nreplay, with all of its faults: {report.replay}"
