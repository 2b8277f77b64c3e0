"""Puts a simulation in the place of S3, DynamoDB, Lambda, time, chance and thread pools, where the runtime reaches for them.

The wrappers are made once for each orchestration and serve one simulation after the other, as a warm function serves runs.
"""

import json
import os
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from functools import cache, partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from runtime.aws.dynamodb import DynamoDB
from runtime.aws.lambda_service import Lambda
from runtime.aws.s3 import S3
from runtime.clock import Clock
from runtime.mapreduce import user_code
from runtime.mapreduce.packed.writer import MEMORY_VARIABLE
from runtime.orchestration.recorder.recorder import Recorder
from runtime.orchestration.settings import Settings
from runtime.orchestration.wrapper import Wrapper, load_orchestration
from runtime.ports import Ports, using
from runtime.record import replace
from scripts.package.functions import RECORDER
from tests.simulation.observer import GIVEN_UP, RESULTS, RETURNS
from tests.simulation.scenario import SHUFFLE
from tests.simulation.threads import Deferred, Strands
from tests.simulation.workflows import Component, Workflow
from tests.simulation.world import Killed, World

TIMEOUT_SECONDS = 60
FAN_IN_WAIT_SECONDS = 1800
_CALLER_SECONDS = 30
"""What a function needs beside those that it waits for."""

current: Any = None
"""The simulation that runs in this process, see `simulation`."""


def prefix(orchestration: str) -> str:
    """What stands before a function in a Lambda's name."""
    return f"wordcount-{orchestration}-"


def stage(role: str) -> str:
    """The bucket or table of a stage."""
    return f"sim-{role}"


def triggered(workflow: Workflow) -> dict[str, str]:
    """The function that each stage sets off, by the stage's role."""
    return {place.from_stage: place.name for place in workflow.places("s3_triggers").values()}


def timeout(workflow: Workflow, orchestration: str, function: str) -> float:
    """Of a function, as Terraform has it: a caller's holds those that it waits for, one after the other."""
    place = workflow.places(orchestration).get(function)
    if orchestration != "http_only" or place is None or place.takes == "branch" or place.edge is None:
        return float(TIMEOUT_SECONDS)
    waits = timeout(workflow, orchestration, str(place.fan_in or place.next))
    return TIMEOUT_SECONDS + _CALLER_SECONDS + waits


@cache
def handlers(workflow: Workflow, orchestration: str) -> dict[str, Any]:
    """The true wrappers of a workflow's functions under an orchestration, and the true recorder of failures."""
    made: dict[str, Any] = {RECORDER: _recorder}
    for function in workflow.places(orchestration):
        settings = _settings(workflow, orchestration, function)
        component = partial(_component, function, workflow.component(function))
        made[function] = Wrapper(settings, _Late(settings), component, kills=(Killed,))  # type: ignore[arg-type]
    return {function: partial(_serve, handler) for function, handler in made.items()}


def _serve(handler: Any, event: Any, context: Any) -> Any:
    job = current.scenario.job
    with using(current.ports), user_code.using({"map": job.user_map, "reduce": job.user_reduce, "combine": job.user_combine}):
        return handler(event, context)


def _recorder(event: Any, context: Any) -> Any:
    return Recorder(Settings.load())(event, context)


class _Late:
    """An orchestration made anew for each simulation, so that what it holds (clock, seams) is that simulation's."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._world: World | None = None
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._world is not current.world:
            settings = replace(self._settings, fan_out_concurrency=current.world.random.choice((1, 2, 64)))
            self._world, self._made = current.world, load_orchestration(settings, partial(_invoke, settings.function_prefix))
        return getattr(self._made, name)


def _component(function: str, component: Component, event: Any, context: Any) -> Any:
    return current.observer.component(function, component, event, context)


def _invoke(function_prefix: str, function: str, payload: Any, deadline: float | None = None) -> Any:
    # As `runtime.orchestration.entry` has it.
    name = function_prefix + function
    service = current.ports.lambda_
    return service.invoke_async(name, payload) if deadline is None else service.invoke_sync(name, payload, deadline)


def _settings(workflow: Workflow, orchestration: str, function: str) -> Settings:
    stages = {role: stage(role) for role in triggered(workflow)}
    return Settings(
        orchestration=orchestration,
        function=function,
        function_prefix=prefix(orchestration),
        returns_bucket=RETURNS,
        results_bucket=RESULTS,
        fan_in_wait_seconds=FAN_IN_WAIT_SECONDS,
        place=workflow.places(orchestration)[function],
        timeout_seconds=int(timeout(workflow, orchestration, function)),
        buckets={**stages, "shuffle": SHUFFLE},
        tables={**stages, **{role: stage(role) for role in ("results", "returns")}},
    )


def _environment(workflow: Workflow, orchestration: str) -> dict[str, str]:
    """What the recorder of failures is told, who is no wrapper."""
    stages = {role: stage(role) for role in triggered(workflow)}
    return {
        "ORCHESTRATION": orchestration,
        "FUNCTION": RECORDER,
        "FUNCTION_PREFIX": prefix(orchestration),
        "BUCKETS": json.dumps({**stages, "returns": RETURNS, "results": RESULTS, "given_up": GIVEN_UP}),
        "TABLES": json.dumps({**stages, **{role: stage(role) for role in ("results", "returns")}}),
    }


class SimulatedClock(Clock):
    """Time and chance of a simulated world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def time(self) -> float:
        """Simulated."""
        return self._world.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        """Let others go on meanwhile."""
        self._world.pause(seconds)

    def wait(self, event: object, seconds: float) -> None:
        """All of the time: the event happens to those alone who don't care."""
        self._world.pause(seconds)

    def random(self) -> float:
        """By the seed."""
        return self._world.random.random()


_SMALL_BLOCKS = {
    "frame_bytes": 40,
    "least_frame_bytes": 40,
    "frames_between": 1,
    "end_bytes": 120,
    "inlined_bytes": 700,
    "single_put_bytes": 150,
    "slice_bytes": 100,
    "range_bytes": 7,
    "beyond_bytes": 2,
    "sorted_bytes": 500,
    "part_block_bytes": 30,
    "range_pairs": 3,
    "place_pairs": 2,
    "bodies": 2,
}
_SMALL_CARRIERS = {"event_bytes": 60, "payload_bytes": 60, "item_bytes": 20}


def services(simulation: Any) -> Ports:
    """What the runtime reaches of a simulation."""
    clock, scenario = SimulatedClock(simulation.world), simulation.scenario
    # A state holds pointers to as many elements, and hardly ever the elements themselves.
    small_carriers = _SMALL_CARRIERS | {"state_bytes": 60 + 26 * max(scenario.num_reducer, 4)}
    parts = {"part_bytes": 200} if scenario.small_blocks else {}
    limits = (_SMALL_BLOCKS if scenario.small_blocks else {}) | (small_carriers if scenario.small_carriers else {})
    return Ports(
        clock=clock,
        log=SimpleNamespace(write=lambda _fields: None),
        limits=replace(simulation.limits, **limits),
        s3=S3(clock, library=simulation.obstore, open=lambda bucket, *_: bucket, page_size=scenario.page_size, **parts),
        dynamodb=DynamoDB(clock, lambda: simulation.dynamodb),
        lambda_=Lambda(clock, lambda: simulation.lambda_client, lambda: simulation.lambda_client),
    )


def _pool(world: World, max_workers: int, thread_name_prefix: str = "") -> Any:
    return Deferred(world) if thread_name_prefix == "emit" else Strands(world, max_workers)


@contextmanager
def installed(simulation: Any) -> Iterator[None]:
    """Let the runtime meet this simulation, and nothing real."""
    global current
    world, scenario = simulation.world, simulation.scenario
    environment = _environment(scenario.workflow, simulation.orchestration)
    if scenario.small_blocks:
        environment[MEMORY_VARIABLE] = "0.0005"
    current = simulation
    pool = partial(_pool, world)
    with patch.object(futures, "ThreadPoolExecutor", pool), patch.dict(os.environ, environment):
        yield
