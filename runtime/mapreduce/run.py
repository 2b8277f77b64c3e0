"""The run that the current invocation belongs to, if any.

Component functions are plain functions of their event and never see this. The wrapper enters a run around them, and the
shuffle then keeps runs apart and gives a repeated mapper the same object names. Without a wrapper there is no run.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Run:
    """One invocation's place in a run.

    Attributes:
        run_id: prefix of every object of the run; None outside any run.
        index: which invocation of the fan-out this is, from 1.
        requests: requests made so far, by name, e.g. `{"s3.PutObject": 12}`; retries inside a client are not seen here.
    """

    run_id: str | None = None
    index: int = 1
    requests: Counter[str] = field(default_factory=Counter)


_current: ContextVar[Run | None] = ContextVar("run", default=None)


def current_run() -> Run:
    """The run in force here, or an empty one. Threads that the caller starts do not inherit it."""
    return _current.get() or Run()


@contextmanager
def within(run: Run) -> Iterator[Run]:
    """Make `run` the current one for the body of the `with`."""
    token = _current.set(run)
    try:
        yield run
    finally:
        _current.reset(token)
