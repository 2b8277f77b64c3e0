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


@record
class Branch:
    """A branch of a fan-out that has stored its return value.

    Attributes:
        function: of the branches.
        index: of this one, from 1 to `size`.
        size: of the fan-out.
        deadline: when the whole fan-in has taken too long, seconds since the epoch.
        invocation_ends: when this invocation must stop waiting, seconds since the epoch.
        has_ended: whether the run has ended.
        clock: time source.
    """

    function: str
    index: int
    size: int
    deadline: float
    invocation_ends: float
    has_ended: Callable[[], bool]
    clock: Clock


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


def wait(branch: Branch, indexes: Callable[[], set[int]]) -> Waited:
    """Poll `indexes`, which lists who has returned, until all branches have; ask each second whether the run has ended."""
    clock, expected = branch.clock, frozenset(range(1, branch.size + 1))
    pause, polls, next_check = FIRST_PAUSE_SECONDS, 0, clock.time() + _FAILURE_CHECK_SECONDS
    while True:
        missing, polls = expected - indexes(), polls + 1
        now = clock.time()
        if not missing:
            return Waited(Outcome.COMPLETE, missing, polls)
        if now >= branch.deadline:
            return Waited(Outcome.EXPIRED, missing, polls)
        if now >= next_check:
            next_check = now + _FAILURE_CHECK_SECONDS
            if branch.has_ended():
                return Waited(Outcome.ENDED, missing, polls)
        if now + pause >= branch.invocation_ends:
            return Waited(Outcome.OUT_OF_TIME, missing, polls)
        clock.sleep(min(pause, max(branch.deadline - now, 0)))
        pause = min(pause * _GROWTH, LAST_PAUSE_SECONDS)
