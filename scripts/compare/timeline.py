"""Times of a run, from what its invocations logged.

A stage is one function of the workflow. A branch of it *begins* when its component does, that is when its
input has been read, and *ends* when its component has returned, that is when all that it emitted is stored::

    client ─start▶ square ×N ─hand-over▶ total ─hand-over▶ describe ─finish▶ client

A hand-over is from the end of the last branch of a stage to the beginning of the first one (and of the last one) of the next. So
it holds all that orchestration is: storing the return value, finding out that all are there, starting the next function, a
cold start, reading the input. Start, hand-overs to the first, stages and finish add up to the end-to-end time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from runtime.orchestration.workflow.place import Place
from scripts.workflow import Workflow


class TelemetryError(Exception):
    """What is known of a run does not suffice to measure it; its result was right all the same."""

    exit_code = 1


@dataclass(frozen=True)
class Invocation:
    """One line of a function's log and its REPORT line. Times in seconds, `started` since the epoch.

    `component` is None where the component did not run: turned back, or a duplicate. `billed_ms` is None for all but the first of
    several lines that share a REPORT.
    """

    function: str
    index: int
    request_id: str
    outcome: str
    cold: bool
    duplicate: bool
    started: float
    ingress: float
    component: float | None
    egress: float
    requests: Mapping[str, int]
    polls: int = 0
    billed_ms: int | None = None
    memory_mb: int | None = None

    @property
    def begin(self) -> float:
        """When the component began."""
        return self.started + self.ingress

    @property
    def end(self) -> float:
        """When the component had returned."""
        return self.begin + (self.component or 0.0)

    @classmethod
    def parse(cls, fields: Mapping[str, Any], report: tuple[int, int] | None) -> "Invocation":
        """From a log line's JSON (runtime.orchestration.log) and (billed milliseconds, memory in MB)."""
        component = fields.get("component_ms")
        return cls(
            function=str(fields.get("function")),
            index=int(fields.get("index") or 1),
            request_id=str(fields.get("request_id")),
            outcome=str(fields.get("outcome")),
            cold=bool(fields.get("cold")),
            duplicate=bool(fields.get("duplicate")),
            started=float(fields.get("started") or 0.0),
            ingress=float(fields.get("ingress_ms", 0.0)) / 1000,
            component=None if component is None else float(component) / 1000,
            egress=float(fields.get("egress_ms", 0.0)) / 1000,
            requests=dict(fields.get("requests") or {}),
            polls=int(fields.get("polls") or 0),
            billed_ms=report[0] if report else None,
            memory_mb=report[1] if report else None,
        )


@dataclass(frozen=True)
class HandOver:
    """From the end of a stage to the next one's first and last beginning, in seconds."""

    edge: str
    first: float
    last: float


@dataclass(frozen=True)
class Times:
    """Seconds. `components` is the sum over all invocations; `stages` the span of each stage, from first begin to last end."""

    end_to_end: float
    components: float
    start: float
    hand_overs: tuple[HandOver, ...]
    finish: float
    stages: Mapping[str, float]

    @property
    def hand_over(self) -> float:
        """Sum of the hand-overs between stages, each to the first branch of the next."""
        return sum(each.first for each in self.hand_overs)

    def as_json(self) -> dict[str, Any]:
        """The fields, rounded to milliseconds."""
        rounded: dict[str, Any] = _rounded({**asdict(self), "hand_over": self.hand_over})
        return rounded


def times(workflow: Workflow, invocations: Sequence[Invocation], began: float, ended: float) -> Times:
    """The times of a run whose client began and had the result at these moments, seconds since the epoch.

    Raises:
        TelemetryError: there is no line of a function that runs once and did its work.
    """
    done = {stage.name: work(invocations, stage) for stage in workflow.steps}
    if missing := [stage.name for stage in workflow.steps if stage.takes != "branch" and not done[stage.name]]:
        raise TelemetryError(f"the logs tell of no {missing[0]} that did its work")
    reached = [stage for stage in workflow.order if done[stage]]
    hand_overs = []
    for before, after in pairwise(reached):
        last_end = max(each.end for each in done[before])
        begins = [each.begin for each in done[after]]
        hand_overs.append(HandOver(f"{before}-{after}", min(begins) - last_end, max(begins) - last_end))
    return Times(
        end_to_end=ended - began,
        components=sum(each.component or 0.0 for each in invocations),
        start=min(each.begin for each in done[reached[0]]) - began,
        hand_overs=tuple(hand_overs),
        finish=ended - max(each.end for each in done[workflow.last]),
        stages={stage: max(i.end for i in done[stage]) - min(i.begin for i in done[stage]) for stage in reached},
    )


def work(invocations: Iterable[Invocation], stage: Place) -> list[Invocation]:
    """For each branch of a stage the invocation that did the work: the earliest of those that ended well."""
    first: dict[int, Invocation] = {}
    for each in sorted(invocations, key=lambda invocation: invocation.started):
        if each.function == stage.name and each.outcome == "ok" and each.component is not None:
            # A fan-in is one branch, whichever of the values triggered it.
            first.setdefault(each.index if stage.takes == "branch" else 1, each)
    return list(first.values())


def gb_seconds(invocations: Iterable[Invocation]) -> float:
    """What Lambda bills by its REPORT lines: milliseconds, rounded up, times memory."""
    return sum((each.billed_ms or 0) * (each.memory_mb or 0) / 1024 / 1000 for each in invocations)


def own_gb_seconds(invocations: Iterable[Invocation]) -> float:
    """The part of it that passed in the functions' own code: without cold starts and without the platform around them."""
    return sum((each.ingress + (each.component or 0.0) + each.egress) * (each.memory_mb or 0) / 1024 for each in invocations)


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 4)
        case dict():
            return {key: _rounded(each) for key, each in value.items()}
        case list() | tuple():
            return [_rounded(each) for each in value]
    return value
