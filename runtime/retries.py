"""How long to pause before a request is made again, and when to give up.

Pauses double and are random from 0 up (full jitter), so that those who were refused together don't come back together:
https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
"""

from runtime.clock import Clock
from runtime.record import record

PATIENCE_SECONDS = 60.0
"""How long to try without an answer, and how long in all where nobody knows the invocation's end."""


@record
class Pauses:
    """How long the first pause and the longest pause can be, in seconds."""

    first: float = 0.1
    longest: float = 10.0


class Retries:
    """The tries of one request.

    Attributes:
        tries: how many failed.
    """

    def __init__(self, clock: Clock, deadline: float | None, pauses: Pauses = Pauses(), most: int | None = None) -> None:  # noqa: B008
        """Begin.

        Args:
            clock: what tells the time, and by whose chance the pauses are spread.
            deadline: by `clock.monotonic()`, when the last try must have begun; None if nobody knows.
            pauses: how long they are.
            most: how many tries there are at most.
        """
        self.tries = 0
        self._clock, self._began, self._deadline = clock, clock.monotonic(), deadline
        self._pauses, self._most = pauses, most

    def pause(self, answered: bool = True) -> float | None:
        """Return how many seconds to pause after another failed try, or None if it was the last.

        Args:
            answered: whether the service answered that it has no time; that may last as long as the invocation does.
        """
        self.tries += 1
        now, until = self._clock.monotonic(), self._began + PATIENCE_SECONDS
        if self._deadline is not None:
            until = self._deadline if answered else min(self._deadline, until)
        if now >= until or (self._most is not None and self.tries >= self._most):
            return None
        # 2.0 ** 1024 is too large for a float.
        longest = min(self._pauses.longest, self._pauses.first * 2.0 ** min(self.tries - 1, 30))
        return min(self._clock.random() * longest, until - now)

    def wait(self) -> bool:
        """Pause, and return whether to try again."""
        seconds = self.pause()
        if seconds is not None:
            self._clock.sleep(seconds)
        return seconds is not None

    def __str__(self) -> str:
        times = "once" if self.tries == 1 else f"{self.tries} times"
        return f"tried {times} in {self._clock.monotonic() - self._began:.1f} s"
