"""Clients that run at once, one request at a time, in an order that a test decides; they can be killed or interrupted at any.

Time passes only when all of them sleep: a client that lives is never slower than another's patience.
"""

import threading
from collections.abc import Callable
from typing import Any


class Killed(BaseException):
    """The client was killed: it does nothing any more."""


class Actor:
    """One of them.

    Attributes:
        name: what tests call it.
        value, error: what its body returned or raised.
        killed: whether it was killed.
    """

    def __init__(self, name: str, body: Callable[[], Any], fault: tuple[int, type[BaseException]] | None) -> None:
        self.name, self._body, self._fault = name, body, fault
        self.value: Any = None
        self.error: BaseException | None = None
        self.killed = self.over = False
        self.wakes: float | None = None
        self.steps = 0
        self.go, self.came_back = threading.Semaphore(0), threading.Semaphore(0)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        self.go.acquire()
        try:
            self.value = self._body()
        except BaseException as error:
            self.error = error
        self.over = True
        self.came_back.release()

    def step(self) -> None:
        """Wait for the next go; then one request may be made."""
        self.came_back.release()
        self.go.acquire()
        self.steps += 1
        if self._fault and self.steps > self._fault[0]:
            kind = self._fault[1]
            if kind is Killed:
                self.killed = True
            else:
                self._fault = None
            raise kind


class Interleaving:
    """The world of some actors. Give `monotonic` and `sleep` to what waits, and call `step` before each request."""

    def __init__(self, draws: list[int]) -> None:
        self._draws = draws
        self._actors: list[Actor] = []
        self._running: Actor | None = None
        self._now = 0.0

    def add(self, name: str, body: Callable[[], Any], fault: tuple[int, type[BaseException]] | None = None) -> Actor:
        """One more actor; `fault` is raised at one of its requests, by number, once (`Killed`: at all that follow)."""
        actor = Actor(name, body, fault)
        self._actors.append(actor)
        actor.thread.start()
        return actor

    def run(self) -> None:
        """Let them all go, in the order that the draws give, until all are over."""
        turn = 0
        while living := [actor for actor in self._actors if not actor.over]:
            ready = [actor for actor in living if actor.wakes is None or actor.wakes <= self._now]
            if not ready:
                self._now = min(actor.wakes or 0.0 for actor in living)
                continue
            draw = self._draws[turn % len(self._draws)] if self._draws else 0
            turn += 1
            assert turn < 10_000, "no end"
            self._running = ready[draw % len(ready)]
            self._running.go.release()
            self._running.came_back.acquire()

    def step(self) -> None:
        """What comes before each request."""
        assert self._running is not None
        self._running.step()

    def monotonic(self) -> float:
        """Seconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Be out of the game for a while."""
        actor = self._running
        assert actor is not None
        actor.wakes = self._now + seconds
        actor.step()
        actor.wakes = None
