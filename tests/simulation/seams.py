"""Puts a simulation in the place of S3, DynamoDB, Lambda, time, chance and thread pools, where the runtime reaches for them.

The wrappers are made once for each orchestration and serve one simulation after the other, as a warm function serves runs.
"""

import json
import os
import sys
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from datetime import datetime, tzinfo
from functools import cache, partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from functions.mapper import mapper
from functions.reducer import reducer as reducer_function
from runtime import retries, run
from runtime.aws import dynamodb, s3
from runtime.aws import lambda_service as invoker
from runtime.mapreduce.objects import pace, ranges, sender
from runtime.mapreduce.objects import reader as objects_reader
from runtime.mapreduce.packed import frames, merge, merged, names, reader
from runtime.mapreduce.packed.writer import MEMORY_VARIABLE
from runtime.mapreduce.programmer import find_combine
from runtime.mapreduce.shuffle import Combine
from runtime.orchestration import log, output, wrapper
from runtime.orchestration.ending import open_runs
from runtime.orchestration.ending import record as failure_record
from runtime.orchestration.http_only import orchestration as http_only
from runtime.orchestration.http_sync_s3 import fan_in
from runtime.orchestration.http_sync_s3 import orchestration as http_sync_s3
from runtime.orchestration.recorder import handler as failure_module
from runtime.orchestration.recorder import overdue
from runtime.orchestration.s3_triggers import orchestration as s3_triggers
from runtime.orchestration.s3_triggers.lock import claim
from runtime.orchestration.settings import Settings
from runtime.orchestration.sfn import orchestration as sfn
from runtime.orchestration.values import table
from runtime.orchestration.wrapper import Wrapper, load_orchestration
from runtime.record import replace
from scripts.package.functions import RECORDER
from tests.one_process import Job
from tests.simulation import jobs
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
    made: dict[str, Any] = {RECORDER: failure_module.lambda_handler}
    for function in workflow.places(orchestration):
        settings = _settings(workflow, orchestration, function)
        component = partial(_component, function, workflow.component(function))
        made[function] = Wrapper(settings, _Late(settings), component)  # type: ignore[arg-type]
    return made


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
    return invoker.invoke_async(name, payload) if deadline is None else invoker.invoke_sync(name, payload, deadline)


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


def _combine(job: Job) -> Combine | None:
    """What the mapper finds of a job's combiner."""
    if job.user_combine is None:
        return None
    module: Any = SimpleNamespace(user_combine=job.user_combine)
    with patch.dict(sys.modules, {f"{job.name}.user_combine": module}):
        return find_combine(job.name)


class Time:
    """Stands for the module `time`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sleep = world.pause

    def time(self) -> float:
        """Simulated."""
        return self._world.now

    monotonic = perf_counter = time


class _Datetime:
    def __init__(self, world: World) -> None:
        self._world = world

    def now(self, zone: tzinfo) -> datetime:
        """Simulated."""
        return datetime.fromtimestamp(self._world.now, zone)


@contextmanager
def installed(simulation: Any) -> Iterator[None]:
    """Let the runtime meet this simulation, and nothing real."""
    global current
    world, scenario = simulation.world, simulation.scenario
    time = Time(world)
    clock = fan_in.Clock(time.time, world.pause)
    places: list[tuple[Any, str, Any]] = [
        (s3, "obstore", simulation.obstore),
        (s3, "_open", lambda bucket, *_: bucket),
        (s3, "PAGE_SIZE", scenario.page_size),
        (s3, "time", time),
        (retries, "time", time),
        (retries, "random", world.random),
        (run, "time", time),
        (dynamodb, "dynamodb_client", lambda: simulation.dynamodb),
        (dynamodb, "time", time),
        (table, "time", time),
        (invoker, "lambda_client", lambda: simulation.lambda_client),
        (invoker, "patient_lambda_client", lambda: simulation.lambda_client),
        (invoker, "time", time),
        (invoker, "random", world.random),
        (http_only, "time", time),
        (http_sync_s3, "make", partial(http_sync_s3.HttpSyncS3, clock=clock)),
        (s3_triggers, "claim", partial(claim, now=time.time)),
        (log, "time", time),
        (output, "write", lambda _fields: None),
        (wrapper, "KILLS", (Killed,)),
        (failure_record, "datetime", _Datetime(world)),
        (overdue, "time", time),
        (open_runs, "time", time),
        (futures, "ThreadPoolExecutor", partial(Strands, world)),
        (sender, "ThreadPoolExecutor", lambda *_, **__: Deferred(world)),
        (sender, "time", time),
        (sender, "_sleep", lambda _, seconds: world.pause(seconds)),
        (pace, "random", world.random),
    ]
    if scenario.small_blocks:
        places += [
            (frames, "FRAME_BYTES", 40),
            (frames, "_LEAST_FRAME_BYTES", 40),
            (merge, "_FRAMES_BETWEEN", 1),
            (merged, "END_BYTES", 120),
            (merged, "_INLINED_BYTES", 700),
            (names, "_SINGLE_PUT_BYTES", 150),
            (reader, "_SLICE_BYTES", 100),
            (s3, "PART_BYTES", 200),
            (ranges, "RANGE_PAIRS", 3),
            (ranges, "_PLACE_PAIRS", 2),
            (objects_reader, "_BODIES", 2),
        ]
    if scenario.job is not jobs.WORDS:
        places += [
            (mapper, "user_map", scenario.job.user_map),
            (mapper, "combine", _combine(scenario.job)),
            (reducer_function, "user_reduce", scenario.job.user_reduce),
        ]
    if scenario.small_carriers:
        places += [
            (sfn, "STATE_BYTES", 1200),
            (http_sync_s3, "ASYNC_PAYLOAD_BYTES", 60),
            (http_only, "PAYLOAD_BYTES", 60),
            (table, "VALUE_BYTES", 20),
        ]
    environment = _environment(scenario.workflow, simulation.orchestration)
    if scenario.small_blocks:
        environment[MEMORY_VARIABLE] = "0.0005"
    before = [(module, name, module.__dict__.get(name, _MISSING)) for module, name, _ in places]
    current = simulation
    try:
        for module, name, value in places:
            setattr(module, name, value)
        os.environ |= environment
        yield
    finally:
        for module, name, value in before:
            if value is _MISSING:
                delattr(module, name)
            else:
                setattr(module, name, value)
        for name in environment:
            del os.environ[name]


_MISSING = object()
