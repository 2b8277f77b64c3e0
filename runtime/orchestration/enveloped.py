"""What the orchestrations share whose events are envelopes: sfn, http_sync_s3 and http_only."""

from typing import Any

from runtime.orchestration.contract import Invocation, LambdaContext, Orchestration
from runtime.orchestration.workflow import elements
from runtime.orchestration.workflow.elements import Reader
from runtime.orchestration.workflow.envelope import Elements, Envelope, EnvelopeError, Inline, Pointer, is_envelope


class Enveloped(Orchestration):
    """Read envelopes: in `Invocation.given` is the `Envelope`."""

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand an envelope. An entry function also takes a bare input document, and makes that a run of its own.

        Lambda repeats an event under the same request id: so the repetition belongs to the same run.
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
        """Take out claim checks, and read a fan-in into an array in the order of its branches. For an entry see `elements`."""
        data, reader = invocation.given.data, self.reader(invocation)
        return elements.read(reader, data, str(self.place.next)) if self.passes_on(invocation) else reader.resolve(data)

    def reader(self, invocation: Invocation) -> Reader:
        """Open what takes out claim checks and reads fan-ins."""
        return self.returns(invocation)

    def passes_on(self, invocation: Invocation) -> bool:
        """Whether the function fans out over a list of data, whose claim checks the branches take out, see `elements`."""
        is_list = isinstance(invocation.given.data, list | Elements)
        return is_list and self.place.entry and self.place.edge == "Map"

    def elements(self, invocation: Invocation, values: list[Any]) -> list[Inline | Pointer]:
        """Return how each value of a fan-out reaches its branch. Raises EnvelopeError."""
        if self.passes_on(invocation):
            return elements.passed_on(values, str(self.place.next))
        return [Inline(value) for value in values]
