"""The run that the current invocation belongs to, if any.

Component functions are plain functions of their event and never see this. The wrapper enters a run around them, and the
shuffle then keeps runs apart, gives a repeated mapper the same object names, and knows how long it may go on trying. Without a
wrapper there is no run.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from runtime.record import field, record

_MARGIN_SECONDS = 5.0
_MARGIN_SHARE = 0.1


@record
class Run:
    """One invocation's place in a run.

    Attributes:
        run_id: prefix of every object of the run; None outside any run.
        index: which invocation of the fan-out this is, from 1.
        size: how many invocations the fan-out has; 1 outside any.
        deadline: by when the invocation must have done its work, by `Clock.monotonic`, see `deadline_in`; None if nobody knows.
        requests: requests made so far, by name, e.g. `{"s3.PutObject": 12}`; one that is made again counts once.
        retries: how often S3 had no time or gave no answer, by action, e.g. `{"s3:PutObject": 3}`.
        notes: what else its log line should say.
        counters: what the programmer's functions have counted in it, by name.
    """

    run_id: str | None = None
    index: int = 1
    size: int = 1
    deadline: float | None = None
    requests: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    notes: dict[str, str] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)


_current: ContextVar[Run | None] = ContextVar("run", default=None)


def current_run() -> Run:
    """The run in force here, or an empty one. Threads that the caller starts do not inherit it."""
    return _current.get() or Run()


def deadline_in(remaining_seconds: float, now: float) -> float:
    """The deadline of an invocation that Lambda ends in so many seconds: earlier by what it takes to say what failed."""
    return now + remaining_seconds - min(_MARGIN_SECONDS, _MARGIN_SHARE * remaining_seconds)


@contextmanager
def within(run: Run) -> Iterator[Run]:
    """Make `run` the current one for the body of the `with`."""
    token = _current.set(run)
    try:
        yield run
    finally:
        _current.reset(token)
