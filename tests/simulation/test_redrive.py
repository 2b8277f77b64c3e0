"""A state machine whose function failed for good is redriven once the cause is gone: exact result, nothing done twice."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.simulation.faults import Fatal
from tests.simulation.objects import Written
from tests.simulation.observer import RESULTS, RUN
from tests.simulation.scenario import Scenario, scenario_of
from tests.simulation.simulation import Simulation

SCHEDULES = 1000
_BLOCK = 250
_FUNCTIONS = {"mapper-map": "mapper", "partition-failed": "partition", "reducer-map": "reducer", "summary-failed": "summary"}
_NOTICED_SECONDS = 2000.0
"""Later than whatever still ran when the execution failed."""


class Resumed:
    """One schedule, whose fatal function is mended after its execution has failed, which is then redriven.

    Attributes:
        invoked: what the redrive invoked, `(function, index)`, the recorder left out.
        finished: what it must not invoke.
    """

    def __init__(self, seed: int) -> None:
        self.invoked: list[tuple[str, int]] = []
        self.finished: set[tuple[str, int]] = set()
        self.failures: list[dict[str, Any]] = []
        self.simulation = Simulation("sfn", seed)
        self.simulation.on_failure = lambda: self.simulation.world.after(_NOTICED_SECONDS, self._resume)

    def _resume(self) -> None:
        simulation = self.simulation
        simulation.observer.scenario = replace(simulation.scenario, severity="survivable", fatal=None)
        record = simulation.buckets.find(RESULTS, f"{RUN}/failed.json")
        assert record, "the execution failed without a record"
        self.failures.append(json.loads(record.body))
        forget_failure(simulation)
        state, ended = simulation.machine.place(RUN)
        stages = list(_FUNCTIONS)
        self.finished = {(_FUNCTIONS[earlier], 1) for earlier in stages[: stages.index(state)]}
        self.finished |= {(_FUNCTIONS[state], index) for index in ended}
        invoke = simulation.machine.invoke

        def noted(function: str, payload: bytes, *more: Any) -> None:
            if function != "recorder":
                self.invoked.append((function, json.loads(payload).get("Fan-out", {}).get("Index", 1)))
            invoke(function, payload, *more)

        simulation.machine.invoke = noted  # type: ignore[method-assign]
        simulation.machine.redrive(RUN)


def forget_failure(simulation: Simulation) -> None:
    """What the client does before it redrives."""
    simulation.buckets.remove(RESULTS, f"{RUN}/failed.json")
    simulation.observer.failed_at = None


def fatal(seed: int) -> bool:
    return scenario_of("sfn", seed).severity == "fatal"


@pytest.mark.parametrize("first", range(0, SCHEDULES, _BLOCK))
def test_redrive_ends_with_the_exact_result_and_repeats_nothing(first: int) -> None:
    for seed in filter(fatal, range(first, first + _BLOCK)):
        resumed = Resumed(seed)

        report = resumed.simulation.run()

        failed = report.scenario.fatal
        assert failed
        assert report.violations == [], report.replay
        assert [(told["function"], told["index"] or 1) for told in resumed.failures] == [(failed.function, failed.index)]
        assert resumed.simulation.machine.status[RUN] == "SUCCEEDED"
        assert (failed.function, failed.index) in resumed.invoked
        assert not resumed.finished & set(resumed.invoked), report.replay


def test_failures_during_a_redrive_are_recorded_anew() -> None:
    """What fails again, and what fails then for the first time: neither is taken for what was caught before."""
    texts = ("to be", "or not", "to be")
    failures = [Fatal("mapper", 2, "raises"), Fatal("mapper", 2, "is killed"), Fatal("summary", 1, "raises")]
    simulation = Simulation("sfn", 0, Scenario(texts, 1, "fatal", failures[0]), forced={})
    records: list[dict[str, Any]] = []

    def resume() -> None:
        record = simulation.buckets.find(RESULTS, f"{RUN}/failed.json")
        assert record
        records.append(json.loads(record.body))
        if len(records) < len(failures):
            simulation.observer.scenario = replace(simulation.scenario, fatal=failures[len(records)])
            forget_failure(simulation)
            simulation.machine.redrive(RUN, resume)

    simulation.on_failure = resume

    report = simulation.run()

    assert report.violations == []
    assert [(told["function"], told["index"]) for told in records] == [("mapper", 2), ("mapper", 2), ("summary", None)]
    assert [told["error"] for told in records] == ["PoisonError", "Runtime.ExitError", "PoisonError"]
    # Three tries of each that fails, one of what doesn't; then the recorder: each time, and once more to go on.
    assert simulation.observer.executions == {"mapper": 2 + 3 + 3 + 1, "partition": 1, "reducer": 1, "summary": 3}
    assert report.invocations == 14 + 3 + 2 + 3  # EventBridge tells of each end, too


class Overflowing:
    """One schedule, in which a Map's output is too large at first. The run is resumed once it has failed, each time.

    Attributes:
        records: what was recorded.
    """

    def __init__(self, seed: int, state: str) -> None:
        scenario = replace(scenario_of("sfn", seed), severity="survivable", fatal=None)
        self.records: list[dict[str, Any]] = []
        self.redriven = 0
        self.simulation = Simulation("sfn", seed, scenario)
        self.simulation.machine.overflowing.add(state)
        self.simulation.buckets.watchers.append(self._written)

    def _written(self, written: Written) -> None:
        if written.key == f"{RUN}/failed.json" and written.before is None:
            self.records.append(json.loads(written.body))
            self.simulation.world.after(30.0, self._resume)

    def _resume(self) -> None:
        simulation = self.simulation
        status = simulation.machine.status[RUN]
        if status == "RUNNING":
            simulation.world.after(30.0, self._resume)
            return
        forget_failure(simulation)
        if status == "FAILED":
            self.redriven += 1
            simulation.buckets.write(RESULTS, f"{RUN}/run.json", json.dumps({"redrives": self.redriven}).encode())
            simulation.machine.redrive(RUN)


@pytest.mark.parametrize("state", ["mapper-map", "reducer-map"])
def test_map_that_fails_by_itself_is_recorded_and_late_news_of_it_fail_hardly_a_redriven_run(state: str) -> None:
    again = late = 0
    for seed in range(300):
        overflowing = Overflowing(seed, state)
        scenario = overflowing.simulation.scenario
        if not (scenario.texts if state == "mapper-map" else scenario.partitions):
            continue  # a Map over nothing is left at once

        report = overflowing.simulation.run()

        assert report.violations == [], report.replay
        assert {(told["error"], told["function"]) for told in overflowing.records} == {("States.DataLimitExceeded", None)}
        assert overflowing.simulation.machine.status[RUN] == "SUCCEEDED"
        again += len(overflowing.records) - 1
        late += report.faults["late duplicate"]
    # A recorder that looks before the redrive and writes after it: see execution_ended.
    assert again <= late * 0.05
