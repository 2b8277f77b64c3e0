"""Each branch stores its return value in S3 and lists those of all branches. Whoever finds them complete invokes what is next.

Two branches may both find them complete. The next function then runs twice, and the value that it stores first is the one that
counts.
"""

from typing import Any

from runtime.orchestration.contract import Invocation
from runtime.orchestration.enveloped import Enveloped
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import input_key, return_key
from runtime.orchestration.workflow.envelope import Datum, Directory, Envelope, FanOut, Inline

PAYLOAD_BYTES = 900_000
"""What it uses of the 1 MB of an asynchronous invocation."""


class LastOut(Enveloped):
    """Invoke what is next, asynchronously; return values lie in S3."""

    def find(self, invocation: Invocation) -> Found | None:
        """Return what an earlier invocation stored. What is passed on is stored already."""
        return None if self.passes_on(invocation) else self.returns(invocation).find(self._key(invocation))

    def keep(self, invocation: Invocation, value: Any) -> Any:
        """Store a return value unless there is one, and return what is stored."""
        return value if self.passes_on(invocation) else self.returns(invocation).create_or_read(self._key(invocation), value)

    def fan_out(self, invocation: Invocation, values: list[Any]) -> None:
        """Invoke one function for each element, or the one that gathers where there are none."""
        target = str(self.place.next)
        if not values:
            self._invoke(invocation, str(self.place.fan_in), Directory(target, 0))
        for index, element in enumerate(self.elements(invocation, values), 1):
            fitting = self._fitting(invocation, target, index, element) if isinstance(element, Inline) else element
            self._invoke(invocation, target, fitting, FanOut(index, len(values)))

    def hand_on(self, invocation: Invocation, value: Any) -> None:
        """Invoke the next function."""
        target = str(self.place.next)
        self._invoke(invocation, target, self._fitting(invocation, target, 1, Inline(value)))

    def fan_in(self, invocation: Invocation, value: Any) -> None:
        """Invoke the function that gathers, if all branches have returned."""
        size = invocation.size or 1
        if self.returns(invocation).indexes(self.place.name) >= set(range(1, size + 1)):
            self._invoke(invocation, str(self.place.next), Directory(self.place.name, size))

    def _key(self, invocation: Invocation) -> str:
        return return_key(self.place.name, invocation.number)

    def _fitting(self, invocation: Invocation, target: str, number: int, element: Inline) -> Datum:
        return self.returns(invocation).datum(element.value, input_key(target, number), PAYLOAD_BYTES)

    def _invoke(self, invocation: Invocation, target: str, data: Datum, fan_out: FanOut | None = None) -> None:
        self.invoke(target, Envelope(invocation.run_id, data, fan_out).json())


make = LastOut
