"""Workflows whose functions know nothing of MapReduce keep all that the wordcount keeps, under the same faults."""

import pytest

from scripts.orchestrations import ORCHESTRATIONS
from tests.simulation.scenario import plain_of
from tests.simulation.simulation import simulate
from tests.simulation.workflows import OTHERS, Workflow

SCHEDULES = 200


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
@pytest.mark.parametrize("workflow", OTHERS, ids=lambda workflow: workflow.name)
def test_schedules_of_other_workflows(workflow: Workflow, orchestration: str) -> None:
    for seed in range(SCHEDULES):
        report = simulate(orchestration, seed, scenario=plain_of(orchestration, seed, workflow))

        assert report.violations == [], f"seed {seed}: {report.scenario}"
