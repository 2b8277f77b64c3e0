"""The contract that every orchestration keeps.

The wrapper calls, in this order, for each invocation::

    ingress(event) -> Invocation      who am I, in which run?            validates; no I/O
    stored(invocation)                has this work been done before?    a duplicate then skips the component
    read(invocation) -> value         what the component gets            takes out claim checks, reads fan-ins
    component(value) -> value
    egress(invocation, value)         stores the return value, and continues: idempotently, since a duplicate does it too
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from runtime.orchestration.envelope import Envelope
from runtime.orchestration.returns import Found

Invoke = Callable[[str, Mapping[str, Any]], None]
"""Invoke a function of this deployment, named as in `.next`, asynchronously with an envelope."""


class LambdaContext(Protocol):
    """What the runtime uses of Lambda's context object (https://docs.aws.amazon.com/lambda/latest/dg/python-context.html)."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends this invocation."""


@dataclass(frozen=True)
class Invocation:
    """One invocation, understood.

    Attributes:
        envelope: run, data and place in the fan-out.
        event: as it was delivered; a poller passes it on to a fresh invocation of itself.
        context: Lambda's.
        notes: what the orchestration adds to the log line, e.g. `{"polls": 7}`.
    """

    envelope: Envelope
    event: Any
    context: LambdaContext
    notes: dict[str, Any] = field(default_factory=dict)


class Orchestration(Protocol):
    """See the module's text. Each orchestration's module has one class with these methods, made once per function."""

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand the event. Raises EnvelopeError."""

    def stored(self, invocation: Invocation) -> Found | None:
        """The return value of an earlier invocation with the same work, if one is stored. Raises StorageError."""

    def read(self, invocation: Invocation) -> Any:
        """The component's event. Raises StorageError."""

    def egress(self, invocation: Invocation, value: Any) -> Any:
        """Store and continue; what it returns becomes the Lambda's response. Raises StorageError, InvokeError."""
