"""A request of an invocation, on its way to a service and back: where faults strike."""

from collections.abc import Callable
from typing import Any, TypeVar

from tests.simulation.faults import ENDING, Faults
from tests.simulation.world import World

_Answer = TypeVar("_Answer")

ALWAYS = (*ENDING, "throttled", "slow")
WRITES = (*ALWAYS, "lost answer")
CREATES = (*WRITES, "conflict")

_LATENCY_SECONDS = 0.06
_SLOW_SECONDS = 8.0
_NEVER = 1e9


class Requests:
    """Makes the requests of whichever process runs."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world, self._faults = world, faults

    @property
    def process(self) -> Any:
        """Whose request it is."""
        return self._world.running.process if self._world.running else None

    def make(
        self,
        name: str,
        effect: Callable[[], _Answer],
        kinds: tuple[str, ...],
        refusal: Callable[[], Exception],
        conflict: Callable[[], Exception] | None = None,
    ) -> _Answer:
        """Make a request; `effect` is what it does to the service, `kinds` are the faults that it may meet.

        After a lost answer the client sends the same request again, so that the effect is applied twice.

        Raises:
            Killed: the process has died.
            Exception: what `effect` raises; `refusal()` where even the client's retries were in vain.
        """
        world, random = self._world, self._world.random
        world.pause(_LATENCY_SECONDS * random.random() ** 3)
        process = self.process
        if world.recording:
            world.trace(process.name, name)
        if process.lineage is None:
            return effect()
        fault = self._faults.of_request(process, kinds)
        if fault is None:
            return effect()
        return self._strike(fault, process, effect, refusal, conflict)

    def _strike(
        self,
        fault: str,
        process: Any,
        effect: Callable[[], _Answer],
        refusal: Callable[[], Exception],
        conflict: Callable[[], Exception] | None,
    ) -> _Answer:
        match fault:
            case "crash before":
                process.die("Runtime.ExitError")
            case "stalled":
                self._world.pause(_NEVER)
            case "refused":
                raise refusal()
            case "conflict" if conflict is not None:
                raise conflict()
            case "throttled" | "slow":
                self._world.pause(self._faults.slow(_SLOW_SECONDS))
        answer = effect()
        if fault == "crash after":
            process.die("Runtime.ExitError")
        if fault == "lost answer":
            self._world.pause(_LATENCY_SECONDS * self._world.random.random())
            answer = effect()
        return answer
