"""A run of http_only that failed for good is resumed once the cause is gone: the exact result, and nothing kept is done again.

What the other orchestrations do to resume a run is the client's doing; here alone functions do something that they else don't.
"""

from dataclasses import replace

import pytest

from tests.simulation import seams
from tests.simulation.objects import Written
from tests.simulation.observer import RESULTS, RETURNS, RUN
from tests.simulation.scenario import Scenario, scenario_of
from tests.simulation.simulation import Simulation

SCHEDULES = 1000
_BLOCK = 250
_NOTICED_SECONDS = 2000.0
"""Later than whatever still ran when the run failed."""


class Resumed:
    """One schedule, whose fatal function is mended after its run has failed, which is then resumed.

    Attributes:
        kept: names of the values that were stored then.
        before: how often the mappers had run then; None while the run has not failed.
    """

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.kept: set[str] = set()
        self.before: int | None = None
        self.simulation.buckets.watchers.append(self._written)

    def _written(self, written: Written) -> None:
        if written.key == f"{RUN}/failed.json" and written.before is None:
            self.simulation.world.after(_NOTICED_SECONDS, self._resume)

    def _resume(self) -> None:
        simulation = self.simulation
        simulation.observer.scenario = replace(simulation.scenario, severity="survivable", fatal=None)
        simulation.observer.failed_at = None
        simulation.buckets.remove(RESULTS, f"{RUN}/failed.json")
        self.kept = {key.removeprefix(f"{RUN}/") for key in simulation.buckets.objects.get(RETURNS, {})}
        self.before = simulation.observer.executions.get("mapper", 0)
        event = {**simulation.entry, "Resumed": True}
        entry = simulation.entry_function
        call = lambda: seams._invoke(seams.prefix("http_only"), entry, event, float("inf"))  # noqa: E731
        simulation.world.start("client", float("inf"), call, lambda *_: None)


def scenario(seed: int) -> Scenario:
    return scenario_of("http_only", seed)


@pytest.mark.parametrize("first", range(0, SCHEDULES, _BLOCK))
def test_resumed_run_ends_with_the_exact_result_and_repeats_no_mapper_that_was_kept(first: int) -> None:
    spared = 0
    for seed in range(first, first + _BLOCK):
        if scenario(seed).severity != "fatal":
            continue
        resumed = Resumed(Simulation("http_only", seed))

        report = resumed.simulation.run()

        assert resumed.before is not None, report.replay
        assert report.violations == [], report.replay
        if {f"mapper/{index}.json" for index in range(1, len(report.scenario.elements) + 1)} <= resumed.kept:
            assert resumed.simulation.observer.executions.get("mapper", 0) == resumed.before, report.replay
            spared += 1
    assert spared > 0
