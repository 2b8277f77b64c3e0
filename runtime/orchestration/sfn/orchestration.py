"""Step Functions: the state machine that packaging compiles from the workflow invokes each function and knows who is next.

Return values wait in the state, as data of the envelope; the state machine puts them into the next envelope as they are. A
state's payload holds 256 KiB (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html), all branches of a Map
together, so a branch may use its share of that and stores what is larger as a claim check.

An array to fan out over is answered as it is, or, where the state can't hold it, as a claim check for each of its elements::

    {"Source": "http", "Value": [{"n": 1}, {"n": 2}]}
    {"Source": "s3", "Value": ["square.input/1.json", "square.input/2.json"]}

The state machine makes each branch's datum of the one source and the branch's own element. So no element is taken for a datum,
whatever it looks like.
"""

from functools import partial
from typing import Any

from runtime.concurrency import at_once
from runtime.orchestration.contract import Invocation, LambdaContext
from runtime.orchestration.ending.result import DONE
from runtime.orchestration.enveloped import Enveloped
from runtime.orchestration.values.returns import input_key, return_key
from runtime.orchestration.workflow.envelope import SEPARATOR_BYTES, EnvelopeError, Inline, answer_bytes, is_envelope
from runtime.ports import ports


class RunEnded(Exception):
    """The run has ended before this invocation began; the state machine must not go on with a value of it."""


class StepFunctions(Enveloped):
    """Answer the state machine with each value: it remembers what was done, and invokes whoever is next."""

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand what the state machine sent. What comes from the execution's input may be bare: any JSON but a datum."""
        if is_envelope(event) and self.place.takes != "gather" and not _is_datum(event["Data"]):
            event = event | {"Data": Inline(event["Data"]).json()}
        return super().ingress(event, context)

    def fan_out(self, invocation: Invocation, values: list[Any]) -> dict[str, Any]:
        """Answer with the array, over which a Map state fans out.

        Raises:
            EnvelopeError: it has so many elements that a state does not hold the pointers to them.
            StorageError: a request finally failed.
        """
        inline, most = Inline(values).json(), ports().limits.state_bytes
        if answer_bytes(inline) <= most:
            return inline
        # Attempts may overlap: they store the same elements, since they take them from the array that the first one has stored.
        returns, target = self.returns(invocation), str(self.place.next)
        values = returns.create_or_read(return_key(self.place.name, invocation.number), values)
        keys = [input_key(target, index) for index in range(1, len(values) + 1)]
        pointers = {"Source": "s3", "Value": keys}
        if (size := answer_bytes(pointers)) > most:
            raise EnvelopeError(
                f"{self.place.name} returned {len(values)} elements to fan out over, the pointers to them have {size} bytes, and "
                f"a state holds {most}: use fewer elements"
            )
        at_once([partial(returns.write, key, value) for key, value in zip(keys, values, strict=True)])
        return pointers

    def fan_in(self, invocation: Invocation, value: Any) -> dict[str, Any]:
        """Answer with the value, which may fill this branch's share of the state."""
        share = ports().limits.state_bytes // (invocation.size or 1) - SEPARATOR_BYTES
        return self.returns(invocation).datum(value, return_key(self.place.name, invocation.number), share).json()

    def hand_on(self, invocation: Invocation, value: Any) -> dict[str, Any]:
        """Answer with the value, which is all that the state holds."""
        return self.returns(invocation).datum(value, input_key(str(self.place.next), 1), ports().limits.state_bytes).json()

    def turned_back(self, invocation: Invocation, reason: str) -> dict[str, Any]:
        """Answer again with the run's result, where an answer to the last function got lost.

        Raises:
            RunEnded: anywhere else the state machine would take any answer for the state's value.
        """
        if reason == DONE and self.place.edge is None:
            return self.result(invocation)
        raise RunEnded(f"{invocation.run_id}: {reason}")


def _is_datum(data: Any) -> bool:
    return isinstance(data, dict) and "Source" in data


make = StepFunctions
