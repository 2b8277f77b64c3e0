"""The contract that every orchestration keeps, and what all of them do in the same way.

The wrapper calls, in this order::

    deliveries(event)                 the units of work in it; most events are one
    ingress(event) -> Invocation      which run is this, and which of a fan-out's branches?     validates; no I/O
    admit(invocation)                 is this to be done, here and now?  if not, the invocation is turned back, with the reason
    stored(invocation)                has it been done before?           a duplicate then skips the component
                                      meanwhile the wrapper looks whether the run has ended, and then turns the invocation back
    read(invocation) -> value         what the component gets            takes out claim checks, reads fan-ins
    component(value) -> value
    egress(invocation, value)         stores the return value, and goes on to whoever is next; a duplicate does so, too
    failed(invocation, error)         was that the last try, and is it recorded?
    turned_back(invocation, reason)   the answer to an invocation that has nothing to do
    answer(outcomes)                  what the event as a whole is answered

All but `deliveries` and `answer` are called at most once for each delivery. `egress` is the same everywhere: it keeps the value
and then goes on by the kind of edge, or ends the run. What that takes is each orchestration's own::

    keep(invocation, value)           make the return value a checkpoint; the first writer wins
    find(invocation)                  that checkpoint
    fan_out(invocation, values)       edge Map: one invocation of the next function for each value
    fan_in(invocation, value)         edge Fan-in: one invocation of the next function for all branches together
    hand_on(invocation, value)        edge Scalar: one invocation of the next function
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

from runtime.orchestration.ending.result import store_result
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import Returns
from runtime.orchestration.workflow.place import DefinitionError
from runtime.record import field, record

RECORDER = "recorder"
"""The function that records why a run cannot finish."""


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
    """One unit of work in an event. `name` tells it from the event's others, where the answer names those that failed."""

    event: Any
    name: str = ""


@record
class Invocation:
    """One delivery, understood.

    Attributes:
        run_id: of the run that it belongs to.
        given: what the orchestration has read from the event: an envelope, an item, the number of an object.
        context: Lambda's.
        index: which of a fan-out's branches this is, from 1; None outside of a fan-out.
        size: how many branches that fan-out has, or how many values a fan-in gathers; None while that is unknown.
        attempts: which try this is, from 1, where the carrier or a store tells.
        unclaimed: whether no client has started the run, so that nobody has told the keeper of it.
        notes: what the orchestration adds to the log line, e.g. `{"polls": 7}`.
    """

    run_id: str
    given: Any
    context: LambdaContext
    index: int | None = None
    size: int | None = None
    attempts: int = 1
    unclaimed: bool = False
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """Return the number under which the return value is stored: the branch's index, or 1 outside of a fan-out."""
        return self.index or 1


@record
class Outcomes:
    """What became of an event's deliveries."""

    results: list[Any]
    failures: list[tuple[Delivery, Exception]]


class Orchestration(ABC):
    """How one function meets the next. Each orchestration has one subclass, of which each function makes one object.

    `place` is the function's place in the workflow.
    """

    def __init__(self, settings: Settings, invoke: Invoke) -> None:
        """Raises DefinitionError: the package holds no `.next`."""
        if settings.place is None:
            raise DefinitionError(f".next: missing from the package of {settings.function}; {settings.orchestration} needs it")
        self.settings, self.place, self.invoke = settings, settings.place, invoke

    def deliveries(self, event: Any) -> list[Delivery]:
        """Split an event. Raises EnvelopeError."""
        return [Delivery(event)]

    @abstractmethod
    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand a delivery. Raises EnvelopeError."""

    def admit(self, invocation: Invocation) -> Invocation | str:
        """Return the invocation, possibly completed, or the reason why there is nothing to do. Raises StorageError."""
        return invocation

    def stored(self, invocation: Invocation) -> Found | None:
        """Return what an earlier invocation with the same work returned, if that is stored. Raises StorageError.

        The last function's value is the run's result, and a run that has its result has ended.
        """
        return None if self.place.edge is None else self.find(invocation)

    @abstractmethod
    def read(self, invocation: Invocation) -> Any:
        """Return the component's event. Raises StorageError."""

    def egress(self, invocation: Invocation, value: Any) -> Any:
        """Store the value and continue. Return the delivery's result.

        Raises:
            TypeError: the value is to be fanned out over, and is no array.
            StorageError, InvokeError: a request finally failed.
        """
        if self.place.edge is None:
            return self.end(invocation, value)
        if self.place.edge == "Map" and not isinstance(value, list):
            raise TypeError(f"{self.place.name} must return an array to fan out over; got {type(value).__name__}")
        go_on = {"Map": self.fan_out, "Fan-in": self.fan_in, "Scalar": self.hand_on}[self.place.edge]
        answer = go_on(invocation, self.keep(invocation, value))
        return {"Session": invocation.run_id} if answer is None else answer

    def end(self, invocation: Invocation, value: Any) -> dict[str, Any]:
        """Store the run's result, and say where it is. Raises StorageError."""
        store_result(self.settings.results_bucket, invocation.run_id, value)
        return self.result(invocation)

    def result(self, invocation: Invocation) -> dict[str, Any]:
        """Say where the run's result is."""
        return {"Session": invocation.run_id, "Result": f"{invocation.run_id}/result.json"}

    def keep(self, invocation: Invocation, value: Any) -> Any:
        """Store a return value unless there is one, and return what is stored. Here: nothing needs to be stored."""
        return value

    def find(self, invocation: Invocation) -> Found | None:
        """Return what `keep` has stored of an earlier invocation. Here: nothing."""
        return None

    @abstractmethod
    def fan_out(self, invocation: Invocation, values: list[Any]) -> Any:
        """Have the next function run once for each value, and the fan-in where there are none."""

    def fan_in(self, invocation: Invocation, value: Any) -> Any:  # noqa: B027  (not all orchestrations need one)
        """Have the next function run once for all branches, of which this is one. Here: `keep` has set it off."""

    def hand_on(self, invocation: Invocation, value: Any) -> Any:
        """Have the next function run with the value."""
        return self.fan_out(invocation, [value])

    def turned_back(self, invocation: Invocation, reason: str) -> Any:
        """Return the result of a delivery with nothing to do. Raises where the carrier would take any result for a value."""
        return None

    def failed(self, invocation: Invocation, error: Exception) -> bool:
        """Return whether the run's failure is recorded and nobody will try again. If not, the platform tries again."""
        return False

    def answer(self, outcomes: Outcomes) -> Any:
        """Return what Lambda is answered. Raises whatever makes the platform deliver the event again."""
        # This suits carriers that deliver an event again as a whole.
        for _, error in outcomes.failures:
            raise error
        return outcomes.results[-1]

    def returns(self, invocation: Invocation) -> Returns:
        """Open the run's directory in the returns bucket."""
        return Returns(self.settings.returns_bucket, invocation.run_id)
