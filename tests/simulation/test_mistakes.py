"""The simulation finds mistakes: each known one, put into the runtime on purpose, within its number of schedules."""

from dataclasses import replace
from typing import Any

import pytest

from tests.simulation.mistakes import MISTAKES, Mistake
from tests.simulation.scenario import Scenario, scenario_of
from tests.simulation.shuffle_mistakes import SHUFFLE_MISTAKES
from tests.simulation.simulation import simulate

ALL = (*MISTAKES, *SHUFFLE_MISTAKES)

each_mistake = pytest.mark.parametrize("mistake", ALL, ids=lambda mistake: f"{mistake.name} in {mistake.orchestration}")


def scenario(mistake: Mistake, seed: int) -> Scenario:
    drawn = scenario_of(mistake.orchestration, seed)
    return replace(drawn, shuffle=mistake.shuffle) if mistake.shuffle else drawn


@each_mistake
def test_mistake_is_found(mistake: Mistake, record_property: Any) -> None:
    with mistake.make():
        for seed in range(mistake.first, mistake.first + mistake.budget):
            report = simulate(mistake.orchestration, seed, scenario=scenario(mistake, seed))
            if mistake.noticed:
                assert not any(told.startswith("wrong result") for told in report.violations), report.replay
            if any((mistake.noticed or "") in told for told in report.violations):
                record_property("schedules", seed - mistake.first + 1)
                return
    pytest.fail(f"{mistake.name}: not found in {mistake.budget} schedules of {mistake.orchestration}")


@each_mistake
def test_mistake_does_not_show_without_faults(mistake: Mistake) -> None:
    """Else finding it would prove little."""
    plain = Scenario(("to be or not to be",), 1, "survivable", shuffle=mistake.shuffle)

    with mistake.make():
        report = simulate(mistake.orchestration, 0, scenario=plain, forced={})

    assert report.violations == []
    assert report.faults.total() == 0
