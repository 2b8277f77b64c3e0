"""Which faults happen to a schedule: drawn from its seed, each with a number, so that a failing schedule can do without some.

Three severities:

    survivable   what the platform's retries outlive: an event's attempts never all end in vain
    fatal        survivable faults, and one function that fails each time (see `Fatal`)
    any          no bound: attempts may all be in vain, events may get lost for good (Lambda's and S3's: a stream loses none), and
                 a function may fail each time, too

Of the recorder of failures, never more than its retries die: nothing records the recorder's failure.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.simulation.world import World

Severity = Literal["survivable", "fatal", "any"]

ENDING = ("crash before", "crash after", "refused", "stalled")
"""Faults that end an attempt: killed before or after a request's effect, an error after the client's own retries, out of time."""

REQUEST_KINDS = (*ENDING, "lost answer", "throttled", "conflict", "slow", "unprocessed")
DELIVERY_KINDS = ("duplicated", "delayed", "late duplicate", "queued again", "lost for good")
KINDS = (*REQUEST_KINDS, *DELIVERY_KINDS)

_RATES = (0.0, 0.0, 0.004, 0.015, 0.05)
_DELIVERY_RATES = (0.0, 0.0, 0.05, 0.2, 0.5)
_UNHURRIED_SECONDS = 30.0
_MOST_DUPLICATES = 15


@dataclass
class Lineage:
    """One event and all attempts at it. `left`: how many attempts may yet be in vain; `answers`: how many may yet get lost."""

    left: int = 2
    answers: int = 5


@dataclass(frozen=True)
class Fatal:
    """A function, and which invocation of its fan-out, that fails each time: it raises, is killed, never ends, or never begins.

    What never begins dies before its first line. Where streams invoke, nothing of ours then counts the attempts; where Lambda or
    Step Functions do, it is one more death, and so no other than to be killed.
    """

    function: str
    index: int
    how: Literal["raises", "is killed", "never ends", "never begins"]


@dataclass
class Faults:
    """Draws the faults of one schedule.

    Attributes:
        severity: see the module's text.
        slow_seconds: how long all slow requests together may take, where that could use up somebody's time.
        stalls: how many attempts may run out of time. Where that is few, time is what callers lack: theirs don't, and once none
            is left, they don't die either.
        muted: numbers of faults that are drawn, but don't happen.
        forced: faults to inject, by the number of the request (explicit schedules); nothing is then drawn.
        outlived_only: whether, of branches, only those may get lost for which another waits.
        callers: the functions that wait for the rest of the run.
        happened: by kind.
        numbers: of those that happened.
    """

    world: World
    severity: Severity
    slow_seconds: float = float("inf")
    stalls: int = 1_000_000
    muted: Collection[int] = ()
    forced: dict[int, str] | None = None
    callers: Collection[str] = ()
    happened: Counter[str] = field(default_factory=Counter)
    numbers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        random = self.world.random
        self._requests = 0
        self._drawn = 0
        self._rates: list[tuple[float, str]] = []
        total = 0.0
        for kind in REQUEST_KINDS:
            total += random.choice(_RATES)
            self._rates.append((total, kind))
        self._total = total
        self._deliveries = {kind: random.choice(_DELIVERY_RATES) for kind in DELIVERY_KINDS}
        # Else whoever waits would mostly get lost, too.
        self.outlived_only = random.random() < 0.4
        if self.forced is not None:
            self._total, self._deliveries = 0.0, dict.fromkeys(DELIVERY_KINDS, 0.0)

    def of_request(self, process: Any, kinds: Collection[str]) -> str | None:
        """The fault that happens to a request of an invocation, one of `kinds`, or None."""
        self._requests += 1
        drawn = self.world.random.random()
        if self.forced is not None:
            kind = self.forced.get(self._requests)
        elif drawn >= self._total:
            return None
        else:
            kind = next(kind for limit, kind in self._rates if drawn < limit)
        if kind not in kinds or not self._affordable(process, kind):
            return None
        return kind if self._happens(kind, process) else None

    def of_delivery(self, kind: str) -> bool:
        """Whether an event is `duplicated`, `delayed`, ..."""
        rate = self._deliveries[kind]
        if kind in ("duplicated", "late duplicate") and self.happened[kind] >= _MOST_DUPLICATES:
            rate = 0.0
        if kind == "lost for good" and self.severity != "any":
            rate = 0.0
        if self.world.random.random() >= rate:
            return False
        return self._happens(kind, None)

    def slow(self, seconds: float) -> float:
        """How long a slow request takes."""
        seconds = min(self.world.random.uniform(0.1, seconds), self.slow_seconds)
        self.slow_seconds -= seconds
        return seconds

    def _happens(self, kind: str, process: Any) -> bool:
        self._drawn += 1
        if self._drawn in self.muted:
            return False
        if kind in ENDING and process is not None:
            process.lineage.left -= 1
            self.stalls -= kind == "stalled"
        if kind == "conflict":
            process.conflicts += 1
        self.happened[kind] += 1
        self.numbers.append(self._drawn)
        self.world.trace(f"fault {self._drawn}:", kind, *([] if process is None else [process.name]))
        return True

    def _affordable(self, process: Any, kind: str) -> bool:
        if kind in ENDING:
            if self.stalls < 2 and process.function in self.callers and (kind == "stalled" or self.stalls <= 0):
                return False
            if kind == "stalled" and self.stalls <= 0:
                return False
            bounded = self.severity != "any" or process.function == "recorder"
            return not bounded or process.lineage.left > 0
        if kind == "conflict":
            return bool(process.conflicts < 2)
        if kind in ("slow", "throttled"):
            return bool(process.ends - self.world.now > _UNHURRIED_SECONDS)
        return True
