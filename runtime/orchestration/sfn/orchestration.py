"""Step Functions: the state machine of definitions/sfn invokes each function and knows who is next.

Return values wait in the state, as data of the envelope; the state machine puts them into the next envelope as they are. A
state's payload holds 256 KiB (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html), all branches of a Map
together, so a branch may use its share of that and stores what is larger as a claim check.
"""

from typing import Any

from runtime.orchestration.contract import Invocation, Invoke, LambdaContext, Orchestration
from runtime.orchestration.ending.result import DONE, store_result
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.found import Found
from runtime.orchestration.values.returns import Returns, own_key
from runtime.orchestration.workflow import envelope as envelopes
from runtime.orchestration.workflow.envelope import SEPARATOR_BYTES, EnvelopeError

STATE_BYTES = 225_000
"""What we use of 262,144: the rest is for the envelopes around the data, and for a caught error's cause of up to 32 KiB."""

LAST = "summary"


def create(settings: Settings, invoke: Invoke) -> "StepFunctions":
    """Make this module's orchestration; nothing is ever invoked from here."""
    return StepFunctions(settings)


class RunEnded(Exception):
    """The run has ended before this invocation began; the state machine must not go on with a value of it."""


class StepFunctions(Orchestration):
    """See `contract.Orchestration`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def ingress(self, event: Any, context: LambdaContext) -> Invocation:
        """Understand what the state machine sent. An item of a hand-started execution may be a bare chunk."""
        if envelopes.is_envelope(event) and isinstance(event["Data"], dict) and "Source" not in event["Data"]:
            event = event | {"Data": envelopes.inline(event["Data"])}
        return Invocation(envelopes.parse(event), event, context)

    def stored(self, invocation: Invocation) -> Found | None:
        """Nothing: the state machine itself remembers what was done."""
        return None

    def read(self, invocation: Invocation) -> Any:
        """Take out claim checks; a Map's results come as a list of data in the order of its items."""
        return self._returns(invocation).resolve(invocation.envelope.data)

    def egress(self, invocation: Invocation, value: Any) -> Any:
        """Return the datum for the next state, or end the run.

        Raises:
            EnvelopeError: the array to fan out over does not fit into the state.
        """
        envelope = invocation.envelope
        if self._settings.function == LAST:
            store_result(self._settings.results_bucket, envelope.run_id, value)
            return self._result(invocation)
        if envelope.fan_out is None:
            datum = envelopes.inline(value)
            if (size := envelopes.answer_bytes(datum)) > STATE_BYTES:
                raise EnvelopeError(
                    f"{self._settings.function} returned {size} bytes to fan out over, a state holds {STATE_BYTES}: "
                    "use fewer reducers"
                )
            return datum
        share = STATE_BYTES // envelope.fan_out.size - SEPARATOR_BYTES
        return self._returns(invocation).datum(value, own_key(self._settings.function, envelope), share)

    def turned_back(self, invocation: Invocation, reason: str) -> Any:
        """Answer again with the run's result, where an answer to the last function got lost.

        Raises:
            RunEnded: anywhere else the state machine would take any answer for the state's value.
        """
        if reason == DONE and self._settings.function == LAST:
            return self._result(invocation)
        raise RunEnded(f"{invocation.envelope.run_id}: {reason}")

    def _result(self, invocation: Invocation) -> dict[str, Any]:
        run_id = invocation.envelope.run_id
        return {"Session": run_id, "Result": f"{run_id}/result.json"}

    def _returns(self, invocation: Invocation) -> Returns:
        return Returns(self._settings.returns_bucket, invocation.envelope.run_id)
