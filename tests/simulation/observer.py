"""Looks on, and says what must never happen.

While a schedule runs:
- what is stored never changes: results, return values, fan-out elements are written once; a repeated put stores the same bytes;
- a repeated component gets and returns what it did the first time;
- a fan-in gets every branch's value, in the order of their numbers; partitions are in the order of theirs;
- when a run is recorded as overdue, nothing of it is at work or waits: its deadline comes after all that the platform may do;
- once the run's failure is recorded, no invocation that begins runs a component; the same once its result is stored and all the
  rest was tidied up: what then comes late neither runs one, nor records a failure, nor keeps what a resumed run would need;
- where the result goes to S3, its sign is written when all of its parts and its manifest are there, and nothing else;
- under s3_triggers one claimant alone does a fan-in, unless it dies over it.

In the end (`verdict`):
- survivable faults: the exact result, and no failure recorded;
- beside a result, counters in which each branch of each function has counted once;
- a fatal one: no result, the failure recorded with function, index and cause, and no later stage begun;
- any: the exact result or a recorded failure;
- whatever the faults: time never runs out, what a stream gave up is recorded and removed (unless the event of that got lost), and
  the keeper is told of no run that has ended.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from runtime.orchestration.ending import open_runs
from runtime.orchestration.recorder import overdue
from runtime.orchestration.values import counters
from runtime.run import current_run
from tests.simulation.objects import Buckets, Written
from tests.simulation.scenario import OUTPUT, SHUFFLE, Scenario
from tests.simulation.tables import Change
from tests.simulation.world import Killed, Process, World

RUN = "run1"
RESULTS, RETURNS, GIVEN_UP = "sim-results", "sim-returns", "sim-given-up"

_OUTPUT = OUTPUT.removeprefix(f"s3://{SHUFFLE}/")

_GROWING = {"Finished", "Attempts", "Expires"}


class PoisonError(Exception):
    """What the fatal function raises."""


@dataclass
class Execution:
    """One execution of a component."""

    process: Process
    request_id: str


@dataclass
class Observer:
    """See the module's text.

    Attributes:
        ended_well: processes that returned to Lambda.
        events_were_lost: whether any was deleted on its way.
        violations: what must not have happened.
    """

    world: World
    orchestration: str
    scenario: Scenario
    ended_well: set[Process]
    buckets: Buckets
    events_were_lost: Callable[[], bool]
    violations: list[str] = field(default_factory=list)
    executions: dict[str, int] = field(default_factory=dict)
    failed_at: float | None = None
    done_at: float | None = None
    tidied_at: float | None = None
    signed: bool = False

    def __post_init__(self) -> None:
        self._inputs: dict[tuple[str, int], Any] = {}
        self._outputs: dict[tuple[str, int], Any] = {}
        self._fan_ins: dict[str, list[Execution]] = {}
        self._places = self.scenario.workflow.places(self.orchestration)
        self._order = list(self._places)
        places = self._places.values() if self.orchestration == "http_only" else ()
        self._kept_by_callers = [f"{RUN}/{place.name}/1.json" for place in places if place.takes != "branch"]

    def violated(self, what: str) -> None:
        """Note what must not have happened."""
        self.world.trace("VIOLATION:", what)
        self.violations.append(what)

    def written(self, written: Written) -> None:
        """Watch the buckets."""
        if written.key == f"{RUN}/failed.json" and self.failed_at is None:
            self.failed_at = self.world.now
            if json.loads(written.body).get("error") == overdue.ERROR:
                self._look_at_what_still_goes_on()
        if written.key == f"{RUN}/failed.json" and self._began_after(self.done_at):
            self.violated("recorded as failed after it had its result")
        if written.key in self._kept_by_callers and self.tidied_at is not None:
            self.violated("values are kept for a resumed run after the run was done and tidied up")
        if written.key == f"{RUN}/result.json" and self.done_at is None:
            self.done_at = self.world.now
        if written.key == f"{_OUTPUT}_SUCCESS" and self.tidied_at is None:
            self._look_at_output()
        if written.before is None:
            return
        if written.mode == "replace" and written.key.endswith("/.lock"):
            return
        if written.key == f"{RUN}/run.json":
            return  # the client's own
        where = f"{written.bucket}/{written.key}"
        if written.before != written.body:
            self.violated(f"{where} changed from {written.before!r:.200} to {written.body!r:.200}")
        elif written.bucket != SHUFFLE and not self._may_repeat(written):
            self.violated(f"{where} was written twice, but must be created only if absent")

    def _look_at_output(self) -> None:
        self.signed = True
        found = {key.removeprefix(_OUTPUT): each.body for key, each in self.buckets.objects[SHUFFLE].items() if _OUTPUT in key}
        manifest, sign = json.loads(found.pop("manifest.json", b"{}")), found.pop("_SUCCESS")
        told = [{**record, "part": OUTPUT + record["part"]} for record in manifest.get("parts", [])]
        if found != self.scenario.parts or told != self.scenario.result or sign:
            self.violated(
                f"the sign of an output was written, and this is there: {found!r:.300}, with the manifest {manifest!r:.300}"
            )

    def _look_at_what_still_goes_on(self) -> None:
        for process in self.world.processes:
            if process.function not in ("", "recorder"):
                self.violated(f"{process.name} still goes on when the run is recorded as overdue")

    def changed(self, change: Change) -> None:
        """Watch the tables."""
        if change.before is None:
            return
        if not change.conditional:
            self.violated(f"{change.table} {change.key} was overwritten")
        names = change.before.keys() | change.after.keys()
        for name in sorted(names - _GROWING):
            if change.before.get(name) != change.after.get(name):
                self.violated(f"{change.table} {change.key} {name} changed")

    def component(self, function: str, call: Callable[[Any, Any], Any], event: Any, context: Any) -> Any:
        """Run a component, and look what goes in and comes out."""
        index = current_run().index
        place = f"{function} {index}"
        self.executions[function] = self.executions.get(function, 0) + 1
        if self._began_after(self.failed_at):
            self.violated(f"{place} began after the run had failed")
        if self._began_after(self.tidied_at):
            self.violated(f"{place} began after the run was done and tidied up")
        if self.tidied_at is not None:
            return call(event, context)  # nobody waits for it any more, and what it reads may be gone
        self._look_at_input(function, index, event)
        self._look_at_claim(function, context.aws_request_id)
        fatal = self.scenario.fatal
        if fatal and (fatal.function, fatal.index) == (function, index):
            self._be_fatal(fatal.how)
        given = json.dumps(event)
        value = call(event, context)
        if self.tidied_at is not None:
            return value
        told = json.loads(json.dumps(value))
        if self._inputs.setdefault((function, index), given) != given:
            self.violated(f"{place} got another input than before: {given:.300} after {self._inputs[function, index]:.300}")
        if self._outputs.setdefault((function, index), told) != told:
            self.violated(f"{place} returned another value than before: {told!r:.300}")
        if complaint := self.scenario.complaint(function, told):
            self.violated(complaint)
        return value

    def never_begins(self, function: str, event: Any) -> bool:
        """Whether an event of a stream is for the function that dies before its first line."""
        fatal = self.scenario.fatal
        if self.orchestration != "dynamodb_triggers" or not fatal or (fatal.function, fatal.how) != (function, "never begins"):
            return False
        index = event["Records"][0]["dynamodb"]["NewImage"].get("Index", {"N": "1"})
        return bool(index == {"N": str(fatal.index)})

    def verdict(self) -> list[str]:
        """All that was, and is, wrong."""
        if self.world.late:
            self.violated("a hang: something goes on for ever")
        if (left := self.buckets.objects.get(GIVEN_UP)) and not self.events_were_lost():
            self.violated(f"given up by a stream, and not taken: {sorted(left)}")
        if left := [key for key in self.buckets.objects.get(RESULTS, ()) if key.startswith(open_runs.PREFIX)]:
            self.violated(f"still marked as open: {left}")
        result, failure = self._read("result.json"), self._read("failed.json")
        if self.scenario.output and result is not None and not self.signed:
            self.violated("a result, and its output in S3 has no sign that it is whole")
        if result is not None and not _same(result, expected := self.scenario.result):
            self.violated(f"wrong result: {result!r:.300}, not {expected!r:.300}")
        if result is not None and (counted := self._counters()) != self.scenario.counters:
            self.violated(f"wrong counters: {counted}, not {self.scenario.counters}")
        match self.scenario.severity:
            case "survivable":
                if failure is not None:
                    self.violated(f"recorded as failed, though the retries outlive all faults: {failure}")
                elif result is None:
                    self.violated("a hang: neither result nor failure, and nothing left to do")
            case "fatal":
                self._look_at_failure(result, failure)
            case "any":
                if result is None and failure is None:
                    self.violated("a hang: neither result nor failure, and nothing left to do")
        return self.violations

    def _began_after(self, moment: float | None) -> bool:
        running = self.world.running
        return moment is not None and running is not None and running.process.began > moment

    def _look_at_failure(self, result: Any, failure: Any) -> None:
        fatal = self.scenario.fatal
        assert fatal
        if result is not None:
            self.violated(f"a result, though {fatal.function} {fatal.index} always fails")
        if failure is None:
            self.violated(f"no failure recorded, though {fatal.function} {fatal.index} always fails")
            return
        index = fatal.index if self._places[fatal.function].takes == "branch" else None
        if (failure["function"], failure["index"]) != (fatal.function, index) or not failure["error"]:
            self.violated(f"{fatal.function} {index} {fatal.how}, but the record says: {failure}")
        for later in self._order[self._order.index(fatal.function) + 1 :]:
            if self.executions.get(later):
                self.violated(f"{later} began, though {fatal.function} {fatal.index} failed for good")

    def _look_at_input(self, function: str, index: int, event: Any) -> None:
        if (place := self._places[function]).entry and place.edge == "Map":
            return  # a list of data, or the document around it
        expected = self._expected_input(function, index)
        if event != expected:
            self.violated(f"{function} {index} got {event!r:.400}, not what was returned before it: {expected!r:.400}")

    def _expected_input(self, function: str, index: int) -> Any:
        """What a function must get: what the one before it returned, or all of its branches; the first, what the client gives."""
        place, at = self._places[function], self._order.index(function)
        if function == self.scenario.workflow.first.name:
            return self.scenario.elements[index - 1]
        before = self._order[at - 1]
        if place.takes == "gather":
            return [self._outputs.get((before, number)) for number in range(1, self._size_of(before) + 1)]
        returned = self._outputs.get((before, 1))
        return returned if place.takes == "single" or returned is None else returned[index - 1]

    def _size_of(self, branches: str) -> int:
        """How many branches a fan-out has."""
        if branches == self.scenario.workflow.first.name:
            return len(self.scenario.elements)
        before = self._order[self._order.index(branches) - 1]
        return len(self._outputs[before, 1])

    def _look_at_claim(self, function: str, request_id: str) -> None:
        if self.orchestration != "s3_triggers" or self._places[function].takes != "gather":
            return
        assert self.world.running
        process, before = self.world.running.process, self._fan_ins.setdefault(function, [])
        for other in before:
            if other.request_id != request_id and (other.process.alive or other.process in self.ended_well):
                self.violated(f"{process.name} does the fan-in that {other.process.name} does")
        before.append(Execution(process, request_id))

    def _be_fatal(self, how: str) -> None:
        assert self.world.running
        match how:
            case "raises":
                raise PoisonError("a poisoned chunk")
            case "is killed" | "never begins":
                self.world.running.process.die("Runtime.ExitError")
            case _:
                self.world.pause(1e9)
                raise Killed

    def _may_repeat(self, written: Written) -> bool:
        """Claim checks may be written again: nobody waits for them, and they hold the same."""
        if written.bucket != RETURNS or written.mode != "put":
            return False
        return ".input/" in written.key or self.orchestration != "http_sync_s3"

    def _counters(self) -> Counter[str]:
        """The sums of what the functions have counted."""
        sums = Counter[str]()
        for key, held in self.buckets.objects.get(RESULTS, {}).items():
            if key.startswith(counters.folder(RUN)):
                sums.update(json.loads(held.body))
        return sums

    def _read(self, name: str) -> Any:
        found = self.buckets.find(RESULTS, f"{RUN}/{name}")
        return None if found is None else json.loads(found.body)


def _same(one: Any, other: Any) -> bool:
    """Whether they are the same JSON. (Python has 1 equal to True and to 1.0, and 0.0 to -0.0.)"""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
