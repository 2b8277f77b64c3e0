"""One schedule of one orchestration: from a seed to a verdict."""

import json
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property, partial
from random import Random
from time import monotonic
from typing import Any

from runtime.aws.errors import FunctionFailed
from runtime.orchestration.ending.record import FailureRecord, from_response
from runtime.orchestration.ending.result import record_failure
from runtime.orchestration.s3_triggers.stage import FAN_IN, FAN_OUT, NOTHING, Stage, value_name
from runtime.orchestration.values.returns import Returns, input_key
from runtime.orchestration.values.table import Table
from runtime.orchestration.workflow.envelope import Elements, Envelope, Inline, Pointer
from runtime.orchestration.workflow.place import Place
from runtime.ports import Ports, ports, using
from runtime.run import Run, within
from scripts.client.deployment import Deployment
from scripts.client.input.fan_outs import sizes
from scripts.client.running.deadline import run_seconds
from scripts.package.workflow.model import RECORDER
from scripts.workflow import Workflow as DeployedWorkflow
from tests.simulation import lambdas, seams, tables
from tests.simulation.faults import Faults
from tests.simulation.keeper import Keeper
from tests.simulation.machine import Machine
from tests.simulation.objects import Buckets, Obstore, Written
from tests.simulation.observer import GIVEN_UP, RESULTS, RETURNS, RUN, Observer
from tests.simulation.requests import Requests
from tests.simulation.scenario import INPUT, SHUFFLE, Scenario, scenario_of
from tests.simulation.triggers import Notifications, Streams
from tests.simulation.world import START_SECONDS, World

LIMIT_SECONDS = 4 * 3600.0
"""Longer than any run can take, with all its retries and late duplicates. What still goes on then, goes on for ever."""

_SLOW_SECONDS = {"http_only": 10.0}
_SHRINK_SECONDS = 20.0


@dataclass(frozen=True)
class Report:
    """What came of a schedule.

    Attributes:
        violations: empty if all is well.
        faults: that happened, by kind.
        numbers: of those faults, to leave some out.
        seconds: of simulated time.
        failed_after: when the failure was recorded, if it was.
        given_up: how many stream records were given up.
        invocations: of functions.
        lines: what happened, if that was recorded.
    """

    orchestration: str
    seed: int
    scenario: Scenario
    violations: list[str]
    faults: Counter[str]
    numbers: list[int]
    seconds: float
    failed_after: float | None
    given_up: int
    invocations: int
    lines: list[str]

    @property
    def replay(self) -> str:
        """The command that runs this schedule again."""
        drawn = scenario_of(self.orchestration, self.seed).shuffle
        forced = "" if drawn == self.scenario.shuffle else f" --shuffle {self.scenario.shuffle}"
        return f"python -m tests.simulation --orchestration {self.orchestration} --seed {self.seed}{forced} --trace"


class Simulation:
    """A deployment of an orchestration in a world of its own."""

    def __init__(
        self,
        orchestration: str,
        seed: int,
        scenario: Scenario | None = None,
        muted: Collection[int] = (),
        forced: dict[int, str] | None = None,
        record: bool = False,
    ) -> None:
        self.orchestration, self.seed = orchestration, seed
        self.scenario = scenario or scenario_of(orchestration, seed)
        self.world = World(f"{orchestration}/{seed}", LIMIT_SECONDS, record)
        self._tidying = Random(f"{orchestration}/{seed}/tidying")
        slow = _SLOW_SECONDS.get(orchestration, float("inf"))
        self.faults = Faults(self.world, self.scenario.severity, slow, muted=muted, forced=forced)
        if orchestration == "http_only":
            # Every wait happens within somebody's time: more than this is not for retries to outlive.
            self.faults.stalls = {"survivable": 1, "fatal": 0, "any": 1000}[self.scenario.severity]
            places = self.scenario.workflow.places(orchestration).values()
            self.faults.callers = [place.name for place in places if place.takes != "branch" and place.edge]
        self.requests = Requests(self.world, self.faults)
        self.buckets, self.tables = Buckets(), tables.Tables()
        if self.scenario.ranged:
            self.buckets.write(SHUFFLE, INPUT, self.scenario.input)
        self.limits = ports().limits
        self.obstore = Obstore(self.buckets, self.requests)
        self.dynamodb = tables.Client(self.tables, self.requests, self.faults)
        workflow, prefix = self.scenario.workflow, seams.prefix(orchestration)
        timeouts = partial(seams.timeout, workflow, orchestration)
        self.service = lambdas.Lambda(self.world, self.faults, seams.handlers(workflow, orchestration), prefix, timeouts)
        self.lambda_client = lambdas.Client(self.world, self.faults, self.requests, self.service, prefix)
        self.observer = Observer(
            self.world,
            orchestration,
            self.scenario,
            self.service.ended_well,
            self.buckets,
            lambda: self.faults.happened["lost for good"] > 0,
        )
        self.service.never_begins = self.observer.never_begins
        stages = {seams.stage(role): function for role, function in seams.triggered(workflow).items()}
        self.streams = Streams(
            self.world,
            self.faults,
            self.service,
            stages | {seams.stage("results"): RECORDER},
            self.buckets,
        )
        self.machine = Machine(self.world, self.faults, self.service, workflow.machine(), map_concurrency=3)
        self.keeper = Keeper(self.world, self.service, self.buckets)
        self.on_failure: Callable[[], None] = lambda: None  # of a state machine's execution
        self.buckets.watchers += [self.observer.written, self._see_result]
        self.tables.watchers.append(self.observer.changed)
        if orchestration == "s3_triggers":
            self.buckets.watchers.append(Notifications(self.faults, self.service, stages, ending=".json"))
        if orchestration == "dynamodb_triggers":
            self.tables.watchers.append(self.streams)
            self.buckets.watchers.append(Notifications(self.faults, self.service, {GIVEN_UP: RECORDER}))

    def run(self) -> Report:
        """Run the schedule."""
        self.world.trace("seed", self.seed, self.scenario)
        with seams.installed(self):
            self.world.start("client", float("inf"), self._start_here, lambda *_: None)
            self.world.run()
        failed = self.observer.failed_at
        return Report(
            self.orchestration,
            self.seed,
            self.scenario,
            self.observer.verdict(),
            self.faults.happened,
            self.faults.numbers,
            self.world.now - START_SECONDS,
            None if failed is None else failed - START_SECONDS,
            self.streams.given_up,
            self.service.invocations,
            self.world.lines,
        )

    @cached_property
    def ports(self) -> Ports:
        """What the runtime reaches of this world."""
        return seams.services(self)

    def _start_here(self) -> None:
        with using(self.ports):
            self._start()

    def _start(self) -> None:
        if self.orchestration != "sfn":
            self.keeper.open(self.world.now + self._seconds())
        getattr(self, f"_start_{self.orchestration}", self._start_by_invoking_the_entry)()

    def _seconds(self) -> int:
        """How long the client gives the run."""
        workflow = self.scenario.workflow
        functions = {function: function for function in (*workflow.places(self.orchestration), RECORDER)}
        timeouts = {function: int(seams.timeout(workflow, self.orchestration, function)) for function in functions}
        of = DeployedWorkflow("sim", "chunks", tuple(workflow.places(self.orchestration).values()))
        told: dict[str, Any] = {"workflow": of, "timeouts": timeouts}
        deployment = Deployment(
            self.orchestration, "sim", "", "", None, functions, {}, None, None, {}, seams.TIMEOUT_SECONDS, **told
        )
        return run_seconds(deployment, sizes(of, len(self.scenario.elements), self.scenario.num_reducer))

    def _see_result(self, written: Written) -> None:
        """The client sees the result soon, and tidies up."""
        if (written.bucket, written.key, written.before) == (RESULTS, f"{RUN}/result.json", None):
            self.world.after(self._tidying.uniform(0.1, 20), self._tidy_up)

    def _tidy_up(self) -> None:
        """Remove all of a run that is done but its result, as `client.stored.cleanup` does; those that failed are kept."""
        if self.buckets.find(RESULTS, f"{RUN}/failed.json"):
            return
        kept = {(RESULTS, f"{RUN}/result.json")}
        for bucket, objects in self.buckets.objects.items():
            for key in [key for key in objects if key.startswith(f"{RUN}/") and (bucket, key) not in kept]:
                self.buckets.remove(bucket, key)
        for items in self.tables.items.values():
            for key in [key for key in items if key.startswith(f"{RUN}/")]:
                del items[key]
        self.observer.tidied_at = self.world.now

    def _start_sfn(self) -> None:
        self.buckets.write(RESULTS, f"{RUN}/run.json", b"{}")
        given = self._claim_checks() if self.scenario.small_carriers else list(self.scenario.elements)
        self.machine.start(RUN, {"data": given if self._first.takes == "branch" else given[0]}, self.on_failure)

    def _start_by_invoking_the_entry(self) -> None:
        self.service.accept(self.entry_function, json.dumps(self._started_entry()).encode())

    def _start_http_only(self) -> None:
        prefix, function = seams.prefix(self.orchestration), self.entry_function
        if not self.scenario.attended:
            self._start_by_invoking_the_entry()
            return
        try:
            seams._invoke(prefix, function, self._started_entry(), float("inf"))
        except FunctionFailed as error:
            if self.faults.of_delivery("lost for good"):
                return  # the client is gone
            told = {**from_response(error.response), "function": function, "index": None, "attempts": 1}
            with within(Run(RUN)):
                record_failure(seams.RESULTS, FailureRecord.parse(RUN, prefix, told))

    def _start_s3_triggers(self) -> None:
        elements, first = self.scenario.elements, self._first
        with within(Run(RUN)):
            stage = Stage(seams.stage(first.from_stage if elements else str(first.to_stage)), RUN)
            stage.create_or_read(FAN_OUT if elements else FAN_IN, {"Size": len(elements), "Marked": True})
            for index, element in self._in_any_order(elements):
                ports().s3.create(stage.bucket, stage.key(value_name(index)), json.dumps(element).encode())
            if not elements:
                stage.create_or_read(value_name(NOTHING), None)

    def _start_dynamodb_triggers(self) -> None:
        elements, first = self.scenario.elements, self._first
        with within(Run(RUN)):
            returns = Returns(RETURNS, RUN)
            if not elements:
                Table(seams.stage(str(first.to_stage)), RUN, returns).create_item("fan-in", {}, To=str(first.next), Size=0)
            for index, element in self._in_any_order(elements):
                held = {"Value": {"S": json.dumps(element)}}
                table = Table(seams.stage(first.from_stage), RUN, returns)
                table.create_item(str(index), held, To=first.name, Index=index, Size=len(elements))

    @property
    def _first(self) -> Place:
        return self.scenario.workflow.first

    @property
    def entry_function(self) -> str:
        """The function that a client invokes to start a run."""
        return next(iter(self.scenario.workflow.places(self.orchestration)))

    @property
    def entry(self) -> dict[str, Any]:
        """The event that starts a run through its entry function; with small carriers, it points to what is stored before."""
        return Envelope(RUN, self._entry_data()).json()

    def _entry_data(self) -> Any:
        if self._first.takes == "single":
            return Pointer(input_key(self._first.name, 1)) if self.scenario.small_carriers else Inline(self.scenario.elements[0])
        if self.scenario.small_carriers:
            return Elements(input_key(self.entry_function, 1))
        return [Inline(element) for element in self.scenario.elements]

    def _started_entry(self) -> dict[str, Any]:
        if self.scenario.small_carriers:
            checks = self._claim_checks()
            if self._first.takes == "branch":
                # Every other element has found room in the list, and then has none in an event of its own.
                data = [
                    Inline(element).json() if number % 2 else claim_check
                    for number, (element, claim_check) in enumerate(zip(self.scenario.elements, checks, strict=True))
                ]
                with within(Run(RUN)):
                    Returns(RETURNS, RUN).write(input_key(self.entry_function, 1), data)
        return self.entry

    def _claim_checks(self) -> list[Any]:
        """What the client stores of elements that no carrier takes, and the list of where."""
        keys = [input_key(self._first.name, index) for index in range(1, len(self.scenario.elements) + 1)]
        with within(Run(RUN)):
            for key, element in zip(keys, self.scenario.elements, strict=True):
                Returns(RETURNS, RUN).write(key, element)
        return [Pointer(key).json() for key in keys]

    def _in_any_order(self, chunks: list[Any]) -> list[tuple[int, Any]]:
        numbered = list(enumerate(chunks, 1))
        self.world.random.shuffle(numbered)
        return numbered


def simulate(orchestration: str, seed: int, **options: Any) -> Report:
    """Run one schedule."""
    return Simulation(orchestration, seed, **options).run()


def shrink(report: Report) -> Report:
    """A failing schedule with as few faults as it takes, recorded."""
    orchestration, seed = report.orchestration, report.seed
    muted: set[int] = set()
    deadline = monotonic() + _SHRINK_SECONDS
    for _ in range(3):
        before = len(muted)
        for number in reversed(report.numbers):
            if number in muted or monotonic() > deadline:
                continue
            tried = simulate(orchestration, seed, scenario=report.scenario, muted=muted | {number})
            if tried.violations:
                muted.add(number)
        if len(muted) == before:
            break
    return simulate(orchestration, seed, scenario=report.scenario, muted=muted, record=True)
