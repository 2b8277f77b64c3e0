"""An account that runs ten functions at once, which a new one does: a state machine with more to do waits, and does not fail."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from scripts.client.orchestrations.sfn.client import MAX_INLINE_ITEMS
from scripts.package.source import Source
from scripts.package.workflow.state_machine import state_machine
from tests.simulation.faults import Faults
from tests.simulation.machine import Machine
from tests.simulation.world import World

ACCOUNT_CONCURRENCY = 10
MAPPERS = 40
HISTORY_EVENTS = 25_000
EVENTS_OF_AN_ATTEMPT = 3
EVENTS_OF_AN_ITEM = 7
"""Of an inline Map's item that meets no error: the iteration's two, the state's two, and an attempt's."""

DEFINITION = state_machine(Source().read(), "INLINE")


class Account:
    """A Lambda that throttles what is more than it may run at once. Its mappers take their time, and nothing ever fails.

    Attributes:
        throttled: how many invocations were, of each run.
    """

    def __init__(self, world: World, mapper_seconds: float) -> None:
        self._world, self._mapper_seconds = world, mapper_seconds
        self._running = 0
        self.throttled: Counter[str] = Counter()

    def request_id(self) -> str:
        return "request"

    def run(self, function: str, payload: bytes, request_id: str, lineage: Any, ended: Callable[[Any, Any], None]) -> None:
        if self._running == ACCOUNT_CONCURRENCY:
            self.throttled[json.loads(payload)["Session"]] += 1
            throttle = {"errorType": "Lambda.TooManyRequestsException", "errorMessage": "Rate Exceeded."}
            self._world.after(0.05, lambda: ended(None, throttle))
            return
        self._running += 1

        def end() -> None:
            self._running -= 1
            ended({"Source": "http", "Value": [{}, {}, {}] if function == "partition" else None}, None)

        self._world.after(self._mapper_seconds if function == "mapper" else 0.5, end)

    def accept(self, function: str, payload: bytes) -> None:
        """An execution that failed is told of; nobody listens here."""
        json.loads(payload)


def executed(
    seed: int, map_concurrency: int, runs: int = 1, mapper_seconds: float = 16.0, mappers: int = MAPPERS
) -> tuple[list[str], Account]:
    """What became of runs that start together."""
    world = World(f"concurrency/{seed}", DEFINITION["TimeoutSeconds"])
    account = Account(world, mapper_seconds)
    machine = Machine(world, Faults(world, "survivable", forced={}), account, DEFINITION, map_concurrency)  # type: ignore[arg-type]
    chunks = [{"text": "to be"}] * mappers
    for run in range(runs):
        world.after(0.0, lambda name=f"run{run}": machine.start(name, {"data": chunks}))  # type: ignore[misc]
    world.run()
    assert not world.late
    return list(machine.status.values()), account


@pytest.mark.parametrize("seed", range(20))
def test_more_mappers_at_once_than_the_account_may_run_all_end_well(seed: int) -> None:
    statuses, account = executed(seed, map_concurrency=MAPPERS, mapper_seconds=60.0)

    assert statuses == ["SUCCEEDED"]
    assert account.throttled.total() > 0


@pytest.mark.parametrize("seed", range(20))
def test_two_runs_that_share_the_account_both_end_well(seed: int) -> None:
    statuses, account = executed(seed, map_concurrency=ACCOUNT_CONCURRENCY, runs=2)

    assert statuses == ["SUCCEEDED"] * 2
    assert account.throttled.total() > 0


def test_default_concurrency_is_not_throttled_in_a_new_account() -> None:
    statuses, account = executed(0, map_concurrency=ACCOUNT_CONCURRENCY)

    assert (statuses, account.throttled) == (["SUCCEEDED"], Counter())


@pytest.mark.parametrize(("map_concurrency", "runs"), [(40, 1), (ACCOUNT_CONCURRENCY, 2)])
def test_largest_run_that_is_throttled_stays_below_the_end_of_its_history(map_concurrency: int, runs: int) -> None:
    statuses, account = executed(0, map_concurrency, runs, mappers=MAX_INLINE_ITEMS)

    assert statuses == ["SUCCEEDED"] * runs
    assert max(account.throttled.values()) * EVENTS_OF_AN_ATTEMPT + MAX_INLINE_ITEMS * EVENTS_OF_AN_ITEM < HISTORY_EVENTS
