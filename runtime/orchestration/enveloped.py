"""What the orchestrations share whose events are envelopes: sfn, http_sync_s3 and http_only.

The entry function may get what it fans out over as a list of data, where each element travels in its own way::

    [{"Source": "http", "Value": {"text": "to be", ...}}, {"Source": "s3", "Value": "square.input/2.json"}]

It passes the list through its component and on to the branches as it is. So an element that is a claim check is taken out by its
own branch, and the elements never meet in one memory. Such a list is stored already: the entry keeps no return value of its own.
"""

from typing import Any, Protocol

from runtime.orchestration.contract import Invocation, LambdaContext, Orchestration
from runtime.orchestration.workflow.envelope import (
    Datum,
    Elements,
    Envelope,
    EnvelopeError,
    Inline,
    Pointer,
    is_envelope,
    parse_list,
)


class Reader(Protocol):
    """Takes out of an envelope what it stands for: `Returns`, or a store of return values."""

    def resolve(self, data: Datum | list[Datum]) -> Any:
        """Return the value. Raises StorageError."""


class Enveloped(Orchestration):
    """Read envelopes: `Invocation.given` is the `Envelope`."""

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand an envelope. An entry function also takes a bare input document, and makes that a run of its own.

        Lambda repeats an event under the same request id, so the repetition belongs to the same run.
        """
        bare = self.place.entry and not is_envelope(event)
        envelope = Envelope(context.aws_request_id, Inline(event)) if bare else Envelope.parse(event)
        fan_out = envelope.fan_out
        if (fan_out is not None) != (self.place.takes == "branch"):
            told = "is run once for each element and needs" if fan_out is None else "is no branch of a fan-out and must not have"
            raise EnvelopeError(f'{self.place.name} {told} "Fan-out" in its envelope')
        index, size = (fan_out.index, fan_out.size) if fan_out else (None, None)
        return Invocation(envelope.run_id, envelope, context, index, size, unclaimed=bare)

    def read(self, invocation: Invocation) -> Any:
        """Take out claim checks, and read a fan-in into an array in the order of its branches; but leave what is passed on."""
        data, reader = invocation.given.data, self.reader(invocation)
        if not self.passes_on(invocation):
            return reader.resolve(data)
        listed = parse_list(data.key, reader.resolve(Pointer(data.key))) if isinstance(data, Elements) else data
        return [datum.json() for datum in self._checked(listed)]

    def reader(self, invocation: Invocation) -> Reader:
        """Open what takes out claim checks and reads fan-ins."""
        return self.returns(invocation)

    def passes_on(self, invocation: Invocation) -> bool:
        """Whether the function fans out over a list of data, whose claim checks the branches take out."""
        is_list = isinstance(invocation.given.data, list | Elements)
        return is_list and self.place.entry and self.place.edge == "Map"

    def elements(self, invocation: Invocation, values: list[Any]) -> list[Inline | Pointer]:
        """Return how each value of a fan-out reaches its branch.

        Raises:
            EnvelopeError: the entry's component got a list of data, and returned something else.
        """
        if self.passes_on(invocation):
            return self._checked(parse_list("what the entry returned", values))
        return [Inline(value) for value in values]

    def _checked(self, data: list[Datum]) -> list[Inline | Pointer]:
        """Return a list of data, each of which is a value or a claim check that is meant for a branch. Raises EnvelopeError."""
        checked: list[Inline | Pointer] = []
        for number, datum in enumerate(data, 1):
            match datum:
                case Inline():
                    checked.append(datum)
                case Pointer(key) if key.startswith(f"{self.place.next}.input/"):
                    checked.append(datum)
                case _:
                    raise EnvelopeError(
                        f"element {number} to fan out over is neither a value nor what {self.place.next} is given: {datum!r:.200}"
                    )
        return checked
