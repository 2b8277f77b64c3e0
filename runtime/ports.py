"""What the runtime reaches outside of its process: S3, DynamoDB, Lambda, the clock and the log, in one object.

Whoever enters the runtime (`entry`, the recorder's handler, a simulation, a test) makes it and passes it on for as long as an
invocation lasts, see `using`. Like the run, it is found by all that is called in between: `emit` takes no such argument. Where
nobody passed one, the default serves, as for a component that runs outside of any wrapper.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runtime.clock import Clock
from runtime.limits import LIMITS, Limits

if TYPE_CHECKING:
    from runtime.aws.dynamodb import DynamoDB
    from runtime.aws.lambda_service import Lambda
    from runtime.aws.s3 import S3


class Ports:
    """The services, each made when it is first asked for: a cold start pays for no other.

    Args:
        others: what takes the place of a service, by its name here.
    """

    def __init__(self, **others: Any) -> None:
        vars(self).update(others)

    log: Any
    """The function's log, an `Output`. Only who enters for an invocation has one."""

    limits: Limits = LIMITS
    """The sizes at which it takes another way."""

    @cached_property
    def clock(self) -> Clock:
        """Time and chance."""
        return Clock()

    @cached_property
    def s3(self) -> "S3":
        """Objects."""
        from runtime.aws.s3 import S3

        return S3(self.clock)

    @cached_property
    def dynamodb(self) -> "DynamoDB":
        """Items."""
        from runtime.aws.dynamodb import DynamoDB

        return DynamoDB(self.clock)

    @cached_property
    def lambda_(self) -> "Lambda":
        """Functions."""
        from runtime.aws.lambda_service import Lambda

        return Lambda(self.clock)


_default = Ports()
_current: ContextVar[Ports | None] = ContextVar("ports", default=None)


def ports() -> Ports:
    """Return the services in force here. Threads that the caller starts do not inherit them."""
    return _current.get() or _default


@contextmanager
def using(own: Ports) -> Iterator[Ports]:
    """Put these services in force for the body of the `with`."""
    token = _current.set(own)
    try:
        yield own
    finally:
        _current.reset(token)
