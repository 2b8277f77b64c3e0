"""One run of one orchestration, as the client makes it, and all that is known of it afterwards.

The client's own code starts the run and waits for it, without its display of progress, which would make requests of its own. What
the run leaves is removed again, its result too.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.aws.removal import remove_below
from scripts.client.deployment import Deployment
from scripts.client.errors import ClientError
from scripts.client.input.chunks import Element, bytes_in, texts_in
from scripts.client.input.fan_outs import sizes
from scripts.client.input.layout import layout_of, told_to_mappers
from scripts.client.input.settling import settle
from scripts.client.input.sizing import Sizing
from scripts.client.orchestrations import ORCHESTRATIONS, Orchestration
from scripts.client.report.output import parse_result, to_bytes
from scripts.client.running.deadline import run_deadline
from scripts.client.running.run_id import new_run_id
from scripts.client.running.waiting import wait_for_result
from scripts.client.running.watching import Watcher
from scripts.client.stored import claim
from scripts.client.stored.claim import RESULT, Claim
from scripts.client.stored.cleanup import remove_intermediate
from scripts.compare import capacity, prices, telemetry, timeline
from scripts.compare.telemetry import Count
from scripts.compare.timeline import Invocation, TelemetryError, Times
from scripts.steps import Steps

STEPS = Steps("compare")

_SETTLE_SECONDS = 60.0
_PAUSE_SECONDS = 0.2
_TRIES = 5


@dataclass(frozen=True)
class Measured:
    """One run.

    Attributes:
        counts: the result, as the client writes it to a file.
        chunks: how many elements it was given.
        branches: how many branches of each fan-out did something, in the order of the flow.
        words: how many words its text has.
        requests: all that were made, by name: the embedded AWS's exact count.
        by_functions: of them, what the functions say that they made.
        notes: what makes the numbers doubtful, if anything.
    """

    orchestration: str
    run: str
    counts: bytes
    chunks: int
    branches: Sequence[int]
    words: int
    times: Times
    invocations: tuple[Invocation, ...]
    requests: Mapping[str, int]
    by_functions: Mapping[str, int]
    transitions: int
    write_units: float
    read_units: float
    gb_seconds: float
    usd: Mapping[str, float]
    notes: tuple[str, ...]

    @property
    def by_client(self) -> dict[str, int]:
        """The requests without the functions': the client's, and repetitions inside libraries, which nobody else sees."""
        return dict(Counter(self.requests) - Counter(self.by_functions))

    @property
    def s3_requests(self) -> dict[str, int]:
        """What the functions asked of S3: the shuffle, and what an orchestration keeps in S3."""
        return {name: number for name, number in self.by_functions.items() if name.startswith("s3.")}

    @property
    def s3_usd(self) -> float:
        """The list price of that."""
        return sum(prices.of_s3(self.s3_requests).values())

    def invoked(self, **wanted: Any) -> int:
        """How many invocations have these fields."""
        return sum(all(getattr(each, name) == value for name, value in wanted.items()) for each in self.invocations)

    def as_json(self) -> dict[str, Any]:
        """All numbers; not the counts themselves."""
        plain = {"orchestration", "run", "chunks", "branches", "words", "requests", "by_functions", "transitions"}
        told = {name: value for name, value in vars(self).items() if name in plain}
        each = [{name: value for name, value in asdict(one).items() if value is not None} for one in self.invocations]
        return {
            **told,
            "by_client": self.by_client,
            "times": self.times.as_json(),
            "lambda": {
                "invocations": len(self.invocations),
                "turned_back": self.invoked(outcome="turned back"),
                "duplicates": self.invoked(duplicate=True),
                "errors": self.invoked(outcome="error"),
                "cold": self.invoked(cold=True),
                "gb_seconds": round(self.gb_seconds, 4),
                "own_gb_seconds": round(timeline.own_gb_seconds(self.invocations), 4),
            },
            "dynamodb": {"write_units": self.write_units, "read_units": self.read_units},
            "usd": {name: round(value, 10) for name, value in self.usd.items()},
            "notes": self.notes,
            "each_invocation": each,
        }


class LostLogError(TelemetryError):
    """A line of a function's log was lost, so the run can't be counted."""


def counted(name: str, bench: "Bench") -> Measured:
    """One run; again if it can't be counted. Raises what `Bench.run` does; LostLogError: nor could the others."""
    for _ in range(_TRIES - 1):
        try:
            return bench.run()
        except LostLogError as error:
            STEPS.say(f"{name}: {error}; this run is not counted, once more")
    return bench.run()


class Bench:
    """One deployment, with the clients that its runs share; `lasting` if it stays, so that nothing may be left on it.

    `shuffle` is the layout of the shuffle, None for the deployment's; `job` are the settings that travel with each run.
    """

    def __init__(
        self,
        deployment: Deployment,
        elements: Sequence[Element],
        architecture: str,
        timeout: float,
        *,
        shuffle: str | None = None,
        job: dict[str, Any] | None = None,
        num_reducer: int | None = None,
        lasting: bool,
    ) -> None:
        self.deployment, self._timeout, self._architecture, self._lasting = deployment, timeout, architecture, lasting
        self._aws = Aws.open(deployment)
        self._layout = layout_of(shuffle, deployment)
        told = told_to_mappers(self._layout, deployment)
        settings = {name: value for name, value in {"shuffle": told, "job": job}.items() if value}
        reducers = Sizing.of(self._layout, deployment).reducers(bytes_in(element.content) for element in elements)
        self._chunks, self._destination, self._num_reducer, _ = settle(
            elements, deployment.buckets, None, num_reducer, settings, reducers
        )
        self._logs, self._states, self._dynamodb = (
            telemetry.client(deployment, service) for service in ("logs", "stepfunctions", "dynamodb")
        )

    def run(self) -> Measured:
        """Run once and measure. Whatever goes wrong, what the run left is removed; after Ctrl-C, once the run has ended.

        Raises:
            ClientError: the run could not be started, failed, or did not end in time.
            TelemetryError: the embedded AWS does not answer, or the logs don't tell enough of the run.
            LostLogError: run it once more.
        """
        orchestration = ORCHESTRATIONS[self.deployment.orchestration](self._aws, new_run_id())
        try:
            return self._measure(orchestration)
        except BaseException as error:
            if self._lasting:
                with suppress(ClientError):
                    if isinstance(error, KeyboardInterrupt):
                        self._wait_for_end(orchestration)
                    self._remove(orchestration)
            raise

    def clock(self) -> float:
        """Run once and remove what the run left; seconds from claiming the run id to the result.

        Raises:
            ClientError: the run could not be started, failed, or did not end in time.
        """
        orchestration = ORCHESTRATIONS[self.deployment.orchestration](self._aws, new_run_id())
        began = time.monotonic()
        self._execute(orchestration)
        seconds = time.monotonic() - began
        self._remove(orchestration)
        return seconds

    def _execute(self, orchestration: Orchestration) -> bytes:
        """Start the run as the client does, and wait for its result."""
        run_id, results = orchestration.run_id, self._aws.store("results")
        orchestration.check(self._chunks)
        size, name = len(self._chunks), self.deployment.orchestration
        claim.take(results, Claim(run_id, name, size, self._num_reducer, self._destination, shuffle=self._layout))
        if orchestration.has_keeper:
            fan_outs = sizes(self.deployment.workflow, size, self._num_reducer)
            claim.mark(results, run_id, run_deadline(self.deployment, fan_outs))
        orchestration.start(self._chunks, attended=True)
        with Watcher(orchestration, size, want_progress=False) as watcher:
            return wait_for_result(self._aws, run_id, self._timeout, lambda: watcher.verdict, lambda: None)

    def _measure(self, orchestration: Orchestration) -> Measured:
        workflow, chunks = self.deployment.workflow, self._chunks
        run_id, results, notes = orchestration.run_id, self._aws.store("results"), []
        before, began = telemetry.count(), time.time()
        body = self._execute(orchestration)
        ended = time.time()
        invocations, note = self._settle(run_id, before, began)
        notes += [note] if note else []
        # All that runs has ended: what is there now is what the run left, and what comes after it is the client's removal.
        items = telemetry.read_items(self._dynamodb, self.deployment, run_id)
        events = telemetry.read_history(self._states, self.deployment, run_id)
        remove_intermediate(orchestration, self._destination, len(chunks))
        counted = telemetry.without_sweeps(telemetry.count() - before)
        objects.remove(results, f"{run_id}/{RESULT}")
        if strangers := set(counted.functions) - set(self.deployment.functions.values()):
            notes.append(f"other functions ran meanwhile, whose requests are counted here: {', '.join(sorted(strangers))}")
        by_functions = sum((Counter(each.requests) for each in invocations), Counter[str]())
        by_client = Counter(counted.requests) - by_functions
        write_units, read_units = capacity.units(workflow, items, by_functions, by_client)
        transitions, gb_seconds = telemetry.transitions(events), timeline.gb_seconds(invocations)
        usage = prices.Usage(
            counted.requests, len(invocations), gb_seconds, self._architecture, transitions, write_units, read_units
        )
        return Measured(
            orchestration=self.deployment.orchestration,
            run=run_id,
            counts=to_bytes(parse_result(run_id, body)),
            chunks=len(chunks),
            branches=[len(timeline.work(invocations, workflow.place(branch))) for branch in workflow.branches],
            words=sum(len(text.split()) for chunk in chunks for text in texts_in(chunk)),
            times=timeline.times(workflow, invocations, began, ended),
            invocations=tuple(invocations),
            requests=dict(sorted(counted.requests.items())),
            by_functions=dict(sorted(by_functions.items())),
            transitions=transitions,
            write_units=write_units,
            read_units=read_units,
            gb_seconds=gb_seconds,
            usd=prices.cost(usage),
            notes=tuple(notes),
        )

    def _settle(self, run_id: str, before: Count, began: float) -> tuple[list[Invocation], str | None]:
        """The run's invocations once as many are logged as the embedded AWS ran, twice in a row; and a note if that never was."""
        deadline, agreed = time.monotonic() + _SETTLE_SECONDS, -1
        names = set(self.deployment.functions.values())
        while True:
            functions = telemetry.without_sweeps(telemetry.count() - before).functions
            ran = sum(number for name, number in functions.items() if name in names)
            invocations, lost = telemetry.read_logs(self._logs, self.deployment, run_id, began)
            logged = sum(each.billed_ms is not None for each in invocations)
            missing = telemetry.missing_lines(ran, logged, lost)
            if missing is not None and ran == agreed:
                if missing:
                    raise LostLogError(f"the embedded AWS lost {missing} of {ran} lines of the functions' logs")
                return invocations, None
            agreed = -1 if missing is None else ran
            if time.monotonic() > deadline:
                others = f"{ran} functions ran, the logs tell of {logged} in run {run_id}: do others use the deployment?"
                return invocations, others
            time.sleep(_PAUSE_SECONDS)

    def _wait_for_end(self, orchestration: Orchestration) -> None:
        """Nobody can call a run back, and what is removed while it goes on is made again."""
        STEPS.say(f"waiting for run {orchestration.run_id} to end, to remove what it leaves (Ctrl-C again: leave it)")
        with suppress(ClientError):
            wait_for_result(self._aws, orchestration.run_id, _SETTLE_SECONDS, lambda: None, lambda: None)

    def _remove(self, orchestration: Orchestration) -> None:
        remove_intermediate(orchestration, self._destination, len(self._chunks))
        remove_below(self._aws.store("results"), f"{orchestration.run_id}/")
