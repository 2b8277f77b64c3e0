"""The formulas for a run's requests hold from both sides: what a simulated run without faults asks for is in their ranges."""

import pytest

from runtime.mapreduce.shuffle import LAYOUTS
from scripts.client.orchestrations.shape import Pairs, Shape
from scripts.compare import formulas
from scripts.orchestrations import ORCHESTRATIONS
from scripts.workflow import Workflow
from tests.simulation.scenario import Plain, Scenario
from tests.simulation.simulation import Simulation
from tests.simulation.usage import requests
from tests.simulation.workflows import CHAIN, TWO_FAN_OUTS
from tests.simulation.world import START_SECONDS

TEXTS = ("to be or", "not to be", "that is")

NOT_SIMULATED = {"transitions"}
"""What Step Functions counts, and no function asks for."""


def check(orchestration: str, scenario: Scenario, sizes: list[int], pairs: Pairs | None = None) -> None:
    """Simulate a run without faults, and compare what its functions asked for with the formulas."""
    simulation = Simulation(orchestration, 1, scenario=scenario, forced={})
    asked = requests(simulation)
    seconds = simulation.observer.tidied_at - START_SECONDS
    workflow = Workflow("simulated", "chunks", tuple(scenario.workflow.places(orchestration).values()))

    expected = formulas.by_functions(orchestration, Shape(workflow, sizes, pairs, waits=[seconds] * len(sizes)))

    assert asked.keys() <= expected.keys()
    outside = {
        name: (asked[name], bounds)
        for name, bounds in expected.items()
        if name not in NOT_SIMULATED and not bounds[0] <= asked[name] <= bounds[1]
    }
    assert outside == {}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_requests_of_a_run_are_within_their_bounds(orchestration: str, layout: str) -> None:
    scenario = Scenario(TEXTS, 3, "survivable", shuffle=layout)

    check(orchestration, scenario, [len(TEXTS), len(scenario.partitions)], Pairs(8, layout))


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_requests_of_a_chain_are_within_their_bounds(orchestration: str) -> None:
    check(orchestration, Plain(of=CHAIN, document={"upto": 5}, severity="survivable"), [5])


@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
def test_requests_of_two_fan_outs_are_within_their_bounds(orchestration: str) -> None:
    scenario = Plain(of=TWO_FAN_OUTS, document=["a", "abc", "abcdef"], severity="survivable")
    second = sum(function == "shout" for function, _ in scenario.outputs)

    check(orchestration, scenario, [3, second])
