"""Time and chance as the runtime meets them. A simulation brings a clock of its own."""

import threading
import time


class Clock:
    """The clock of the machine."""

    def time(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go back, since some point in the past."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""
        time.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> None:
        """Let so many seconds pass, or fewer if the event happens before."""
        event.wait(seconds)

    def random(self) -> float:
        """Return a number from 0 up to 1, by which those who were refused together spread out."""
        import random  # a cold start would pay for it

        return random.random()  # noqa: S311 (no secret depends on it)
