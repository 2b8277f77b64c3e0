"""Waiting until a whole fan-out has returned: by membership of indexes, with growing pauses, always with a deadline."""

from collections.abc import Callable
from enum import Enum

from runtime.clock import Clock
from runtime.record import record

FIRST_PAUSE_SECONDS = 0.02
LAST_PAUSE_SECONDS = 1.0
_GROWTH = 1.2
"""So a pause is a fifth of what was waited before it, and the last branch is noticed a tenth of that time late on average."""
_FAILURE_CHECK_SECONDS = 1.0


class Outcome(Enum):
    """How a wait ended."""

    COMPLETE = "every branch has returned"
    ENDED = "the run has ended meanwhile"
    OUT_OF_TIME = "this invocation's time is up, the fan-in's is not"
    EXPIRED = "the fan-in's time is up"


@record
class Waited:
    """How a wait ended, with the indexes still missing and the number of listings made."""

    outcome: Outcome
    missing: frozenset[int]
    polls: int


def wait(
    size: int,
    indexes: Callable[[], set[int]],
    has_ended: Callable[[], bool],
    invocation_ends: float,
    deadline: float,
    clock: Clock,
) -> Waited:
    """Poll `indexes` until it holds 1 to `size`.

    Args:
        size: of the fan-out.
        indexes: lists which branches have returned.
        has_ended: whether the run has ended; asked about once a second.
        invocation_ends: when this invocation must stop waiting, seconds since the epoch.
        deadline: when the whole fan-in has taken too long, seconds since the epoch.
        clock: time source.
    """
    expected = frozenset(range(1, size + 1))
    pause, polls, next_check = FIRST_PAUSE_SECONDS, 0, clock.time() + _FAILURE_CHECK_SECONDS
    while True:
        missing, polls = expected - indexes(), polls + 1
        now = clock.time()
        if not missing:
            return Waited(Outcome.COMPLETE, missing, polls)
        if now >= deadline:
            return Waited(Outcome.EXPIRED, missing, polls)
        if now >= next_check:
            next_check = now + _FAILURE_CHECK_SECONDS
            if has_ended():
                return Waited(Outcome.ENDED, missing, polls)
        if now + pause >= invocation_ends:
            return Waited(Outcome.OUT_OF_TIME, missing, polls)
        clock.sleep(min(pause, max(deadline - now, 0)))
        pause = min(pause * _GROWTH, LAST_PAUSE_SECONDS)
