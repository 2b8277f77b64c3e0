"""How long a request to S3 is made again that S3 had no time for, or whose answer got lost.

object_store's own retries don't grow their pauses and end within seconds, while S3 may refuse requests for minutes. So it makes
none here. Pauses double and are random from 0 up (full jitter), so that those who were refused together don't come back together:
https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
"""

import random
import time

FIRST_PAUSE_SECONDS = 0.1
"""The longest that the first pause can be."""

LONGEST_PAUSE_SECONDS = 10.0
PATIENCE_SECONDS = 60.0
"""How long to try without an answer from S3, and how long in all where nobody knows the invocation's end."""


class Retries:
    """The tries of one request.

    Attributes:
        tries: how many failed.
    """

    def __init__(self, deadline: float | None) -> None:
        self.tries = 0
        self._began, self._deadline = time.monotonic(), deadline

    def pause(self, answered: bool) -> float | None:
        """How many seconds to pause after another failed try, or None if it is to be the last.

        Args:
            answered: whether S3 answered that it has no time; that may last as long as the invocation does.
        """
        now = time.monotonic()
        until = self._began + PATIENCE_SECONDS
        if self._deadline is not None:
            until = self._deadline if answered else min(self._deadline, until)
        # 2.0 ** 1024 is too large for a float.
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(self.tries, 30))
        self.tries += 1
        if now >= until:
            return None
        return min(random.uniform(0, longest), until - now)  # noqa: S311 spreads load

    def __str__(self) -> str:
        times = "once" if self.tries == 1 else f"{self.tries} times"
        return f"tried {times} in {time.monotonic() - self._began:.1f} s"
