"""When a store's events are delivered: at once, or late and in any order, as a seed has it; some are lost at first."""

import random
import threading
from collections.abc import Callable

Deliver = Callable[[], None]


class Schedule:
    """Decides for each event when `deliver` is called. Whoever waits for a run's end calls `release` until nothing is held.

    Attributes:
        seed: None delivers at once. A number holds events back: a few, drawn from all that are held, go out each time that the
            functions have come to rest.
        lost: how many of the next events are lost at first, and delivered when nothing else is left to deliver.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._random: random.Random | None = None
        self._held: list[Deliver] = []
        self._late: list[Deliver] = []
        self._lock = threading.Lock()

    def shuffle(self, seed: int) -> None:
        """Hold events back from now on."""
        self._random = random.Random(seed)

    def post(self, deliver: Deliver) -> None:
        """Deliver an event, sometime."""
        with self._lock:
            if self.lost:
                self.lost -= 1
                self._late.append(deliver)
                return
            if self._random:
                self._held.append(deliver)
                return
        deliver()

    def release(self) -> bool:
        """Deliver some of what is held; False when there was nothing."""
        with self._lock:
            due = self._draw()
        for deliver in due:
            deliver()
        return bool(due)

    def _draw(self) -> list[Deliver]:
        if not self._held:
            late, self._late = self._late, []
            return late
        assert self._random
        self._random.shuffle(self._held)
        count = self._random.randint(1, len(self._held))
        due, self._held = self._held[:count], self._held[count:]
        return due
