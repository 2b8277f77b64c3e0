"""Thread pools whose order the seed decides.

`Strands` runs each call on a strand of the process, so that they interleave as those of a true pool. `Deferred` runs calls on the
caller's own thread, sometime, in any order: for the puts of `emit`, which are many, and wait for nothing.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from tests.simulation.world import Killed, Strand, World


class _Future:
    def __init__(self, world: World) -> None:
        self._world = world
        self._done = False
        self._value: Any = None
        self._error: Exception | None = None
        self._waiting: Strand | None = None

    def fill(self, call: Callable[[], Any]) -> None:
        try:
            self._value = call()
        except Exception as error:
            self._error = error
        self._done = True
        if self._waiting is not None:
            self._world.wake(self._waiting)

    def result(self) -> Any:
        while not self._done:
            self._waiting = self._world.running
            self._world.block()
        if self._error is not None:
            raise self._error
        return self._value


class Strands:
    """Stands for `concurrent.futures.ThreadPoolExecutor` wherever several requests are made at once."""

    def __init__(self, world: World, max_workers: int, thread_name_prefix: str = "") -> None:
        assert world.running is not None
        self._world, self._process, self._free = world, world.running.process, max_workers
        self._waiting: list[tuple[_Future, Callable[[], Any]]] = []
        self._begun: list[_Future] = []

    def submit(self, function: Callable[..., Any], *arguments: Any) -> _Future:
        """Run a call on a strand, as soon as one is free."""
        future = _Future(self._world)
        self._waiting.append((future, lambda: function(*arguments)))
        self._begin()
        return future

    def shutdown(self, wait: bool = True, cancel_futures: bool = False) -> None:
        """Wait for what has begun; begin nothing more, if so told."""
        if cancel_futures:
            self._waiting.clear()
        # A generator that nobody goes on with is closed wherever Python comes upon it, perhaps in another process of the world.
        if not self._process.alive or self._world.running is None or self._world.running.process is not self._process:
            return
        # A process that dies here dies at its next request: a generator that Python closes must raise nothing.
        with suppress(Killed):
            while not all(future._done for future in self._begun):
                future = next(future for future in self._begun if not future._done)
                future._waiting = self._world.running
                self._world.block()

    def __enter__(self) -> "Strands":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.alive:
            self.shutdown()

    def _begin(self) -> None:
        while self._free and self._waiting:
            self._free -= 1
            future, call = self._waiting.pop(0)
            self._begun.append(future)

            def work(future: _Future = future, call: Callable[[], Any] = call) -> None:
                future.fill(call)
                self._free += 1
                self._begin()

            self._world.fork(self._process, work)


class Deferred:
    """Stands for `concurrent.futures.ThreadPoolExecutor` in the sender of emitted objects."""

    _MOST = 8

    def __init__(self, world: World) -> None:
        assert world.running is not None
        self._random, self._process = world.random, world.running.process
        self._waiting: list[Callable[[], None]] = []

    def submit(self, function: Callable[..., None], *arguments: Any) -> None:
        """Run a call later, or an earlier one now."""
        self._waiting.append(lambda: function(*arguments))
        while len(self._waiting) > self._MOST or (self._waiting and self._random.random() < 0.3):
            self._run_one()

    def shutdown(self, wait: bool = True) -> None:
        """Run all that waits. Raises Killed: in a process that has died, nothing is run, and nothing may be waited for."""
        while self._waiting and self._process.alive:
            self._run_one()
        if not self._process.alive:
            raise Killed

    def _run_one(self) -> None:
        self._waiting.pop(self._random.randrange(len(self._waiting)))()
