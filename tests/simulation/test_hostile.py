"""User code raises anything, in each orchestration: the run fails, and its record names the true type and place."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings

from runtime.orchestration.ending.record import describe
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.hostile import Hostile, errors, true_name
from tests.simulation import jobs
from tests.simulation.observer import RESULTS, RUN
from tests.simulation.scenario import OUTPUT, Scenario
from tests.simulation.simulation import Simulation

SCENARIO = Scenario(("to be",), 1, "any")
PLACES: dict[str, tuple[str, str, Scenario]] = {
    "map": ("user_map", "mapper", SCENARIO),
    "combine": ("user_combine", "mapper", replace(SCENARIO, shuffle="packed")),
    "reduce": ("user_reduce", "reducer", SCENARIO),
    "reduce with an output": ("user_reduce", "reducer", replace(SCENARIO, output=OUTPUT)),
}
"""User code's functions, the component that calls each, and in which scenario."""


def failed_run(orchestration: str, place: str, hostile: Hostile) -> dict[str, Any]:
    """The record of a run in which user code raises an error each time."""

    def user_code(*_: object) -> Any:
        raise hostile.error

    function, _, scenario = PLACES[place]
    scenario = replace(scenario, job=replace(jobs.WORDS, **{function: user_code}))
    simulation = Simulation(orchestration, 1, scenario, forced={})
    try:
        violations = simulation.run().violations
    except BaseException as escaped:  # pytest could not report it
        violations = [f"{true_name(escaped)} has escaped"]
    assert violations == []
    found = simulation.buckets.find(RESULTS, f"{RUN}/failed.json")
    assert found is not None, "no failure is recorded"
    record: dict[str, Any] = json.loads(found.body)
    return record


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("orchestration", ORCHESTRATIONS)
@settings(max_examples=40, database=None, deadline=None)
@given(hostile=errors())
@example(Hostile(StopIteration("mine")))
def test_record_names_the_true_type_and_place(orchestration: str, place: str, hostile: Hostile) -> None:
    record = failed_run(orchestration, place, hostile)

    told = describe(hostile.error)
    assert (record["function"], record["index"], record["error"]) == (PLACES[place][1], 1, told["error"])
    assert "in user_code" in record["traceback"][-1]
    assert record["message"] or not told["message"]
