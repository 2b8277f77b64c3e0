"""A request of an invocation, on its way to a service and back: where faults strike."""

from collections.abc import Callable, Mapping
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
        busy: Callable[[], Exception] | None = None,
        lost: Callable[[], Exception] | None = None,
    ) -> _Answer:
        """Make a request; `effect` is what it does to the service, `kinds` are the faults that it may meet.

        A client that repeats by itself what the service has no time for, or what it got no answer to, has no `busy` and no
        `lost`: a throttled request then takes longer, and the effect of one whose answer got lost is applied twice.

        Raises:
            Killed: the process has died.
            Exception: what `effect` raises; `refusal()` where even the client's retries were in vain; `busy()` and `lost()`.
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
        return self._strike(fault, process, effect, {"refused": refusal, "conflict": conflict, "throttled": busy}, lost)

    def _strike(
        self,
        fault: str,
        process: Any,
        effect: Callable[[], _Answer],
        answers: Mapping[str, Callable[[], Exception] | None],
        lost: Callable[[], Exception] | None,
    ) -> _Answer:
        if (answer_instead := answers.get(fault)) is not None:
            raise answer_instead()
        match fault:
            case "crash before":
                process.die("Runtime.ExitError")
            case "stalled":
                self._world.pause(_NEVER)
            case "throttled" | "slow":
                self._world.pause(self._faults.slow(_SLOW_SECONDS))
        answer = effect()
        if fault == "crash after":
            process.die("Runtime.ExitError")
        if fault == "lost answer":
            if lost is not None:
                raise lost()
            self._world.pause(_LATENCY_SECONDS * self._world.random.random())
            answer = effect()
        return answer
