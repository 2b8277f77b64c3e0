"""User code raises anything, in each orchestration: the run fails, and its record names the true type and place."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from runtime.orchestration.ending.record import describe
from scripts.orchestrations import ORCHESTRATIONS
from tests.fakes.hostile import Hostile, errors, true_name
from tests.simulation import jobs
from tests.simulation.observer import RESULTS, RUN
from tests.simulation.scenario import Scenario
from tests.simulation.simulation import Simulation

SCENARIO = Scenario(("to be",), 1, "any")
PLACES: dict[str, str] = {"user_map": "mapper", "user_reduce": "reducer"}
"""The functions of user code, and the component that calls each."""


def failed_run(orchestration: str, place: str, hostile: Hostile) -> dict[str, Any]:
    """The record of a run in which user code raises an error each time."""

    def user_code(*_: object) -> Any:
        raise hostile.error

    scenario = replace(SCENARIO, job=replace(jobs.WORDS, **{place: user_code}))
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
def test_record_names_the_true_type_and_place(orchestration: str, place: str, hostile: Hostile) -> None:
    record = failed_run(orchestration, place, hostile)

    told = describe(hostile.error)
    assert (record["function"], record["index"], record["error"]) == (PLACES[place], 1, told["error"])
    assert "in user_code" in record["traceback"][-1]
    assert record["message"] or not told["message"]
