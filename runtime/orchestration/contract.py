"""The contract that every orchestration keeps.

The wrapper calls, in this order::

    deliveries(event)                 the units of work in it; most events are one
    ingress(event) -> Invocation      who am I, in which run?            validates; no I/O
    admit(invocation)                 is this to be done, here and now?  else the invocation is turned back, with the reason
    stored(invocation)                has it been done before?           a duplicate then skips the component
                                      beside it the wrapper looks whether the run has failed, and turns back what comes after that
    read(invocation) -> value         what the component gets            takes out claim checks, reads fan-ins
    component(value) -> value
    egress(invocation, value)         stores the return value, and continues: idempotently, since a duplicate does it too
    failed(invocation, error)         was that the last try, and is it recorded?
    turned_back(invocation, reason)   what one that has nothing to do is answered
    answer(outcomes)                  what the event as a whole is answered with

All but `deliveries` and `answer` at most once for each delivery.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

from runtime.orchestration.values.found import Found
from runtime.orchestration.workflow.envelope import Envelope
from runtime.record import field, record


class Invoke(Protocol):
    """Invokes a function of this deployment, named as in `.next`."""

    def __call__(self, function: str, payload: Mapping[str, Any], deadline: float | None = None) -> Any:
        """Invoke asynchronously; or, with a deadline in seconds since the epoch, synchronously, and return the answer."""


class LambdaContext(Protocol):
    """What the runtime uses of Lambda's context object (https://docs.aws.amazon.com/lambda/latest/dg/python-context.html)."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends this invocation."""


@record
class Delivery:
    """One unit of work in an event. `name` tells it from the event's others, as the carrier names it."""

    name: str
    event: Any


@record
class Invocation:
    """One delivery, understood.

    Attributes:
        envelope: run, data and place in the fan-out.
        event: as it was delivered; a poller passes it on to a fresh invocation of itself.
        context: Lambda's.
        size: at a fan-in, how many branches it joins.
        unclaimed: whether no client has started the run, so that nobody has told the keeper of it.
        attempts: which try this is, from 1, where the carrier or a store tells.
        notes: what the orchestration adds to the log line, e.g. `{"polls": 7}`.
    """

    envelope: Envelope
    event: Any
    context: LambdaContext
    size: int = 0
    attempts: int = 1
    unclaimed: bool = False
    notes: dict[str, Any] = field(default_factory=dict)


@record
class Outcomes:
    """What became of an event's deliveries."""

    results: list[Any]
    failures: list[tuple[Delivery, Exception]]

    def first_failure_or_last_result(self) -> Any:
        """For carriers that deliver an event again as a whole: raise the first failure, else return the last result."""
        for _, error in self.failures:
            raise error
        return self.results[-1]


class Orchestration(ABC):
    """See the module's text. Each orchestration's module has one subclass, made once per function by its `create`."""

    def deliveries(self, event: Any) -> list[Delivery]:
        """Split an event. Raises EnvelopeError."""
        return [Delivery("event", event)]

    @abstractmethod
    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand a delivery. Raises EnvelopeError."""

    def admit(self, invocation: Invocation) -> Invocation | str:
        """The invocation, possibly completed, or the reason why there is nothing to do. Raises StorageError."""
        return invocation

    @abstractmethod
    def stored(self, invocation: Invocation) -> Found | None:
        """The return value of an earlier invocation with the same work, if one is stored. Raises StorageError."""

    @abstractmethod
    def read(self, invocation: Invocation) -> Any:
        """The component's event. Raises StorageError."""

    @abstractmethod
    def egress(self, invocation: Invocation, value: Any) -> Any:
        """Store and continue; what it returns is the delivery's result. Raises StorageError, InvokeError."""

    def turned_back(self, invocation: Invocation, reason: str) -> Any:
        """The result of a delivery with nothing to do. Raises, where the carrier would take any result for a value."""
        return None

    def failed(self, invocation: Invocation, error: Exception) -> bool:
        """Whether nobody will try again and the run's failure is recorded; else the error is left to the platform's retries."""
        return False

    def answer(self, outcomes: Outcomes) -> Any:
        """What Lambda is answered. Raises whatever makes the platform deliver the event again."""
        return outcomes.first_failure_or_last_result()
