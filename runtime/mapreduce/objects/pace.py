"""How fast one mapper of many may put, so that all of them together keep to what S3 takes.

S3 takes 3,500 PUTs a second for a prefix, and answers 503 SlowDown beyond that
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html). The mappers of a fan-out can't see each
other. Each begins with its share of those 3,500, a little less, and goes by the refusals that it meets:

- Until the first refusal, a mapper that wants more doubles its rate every second: perhaps few of the others run at this moment.
- A refusal of a put lowers the rate by a fifth; but one of a put that began before the rate was last lowered says nothing of the
  lower rate, and changes nothing. So the rate falls at most once for each round trip.
- After that it grows by a tenth a second, and faster the longer no refusal has come, since others may have ended; but only while
  puts have to wait for their turn.

Whoever is faster meets more refusals, so that rates become alike. With a share of 35 a second one put in 70 is refused then,
and S3 is never idle. tests/simulation/test_request_rate.py tries it.
"""

import math

S3_PUTS_PER_SECOND = 3500.0

_BEGIN_SHARE = 0.8
_SEARCH_GROWTH = math.log(2)
_GROWTH = 0.1
_QUIET_SECONDS = 4.0
"""After so long without a refusal, the rate grows twice as fast."""
_LOWERED = 0.8
_LEAST_SHARE = 1 / 64
_BURST_SECONDS = 0.1
"""How far a mapper may catch up with turns that it has missed, by the machine's scheduler for instance."""

_TICK_SECONDS = 1e-6
"""Less than this is no time to wait: a clock may not even show it."""


class Pace:
    """The turns of one mapper's puts. All times are in seconds of one clock; not thread-safe.

    Attributes:
        rate: puts a second, at present.
    """

    def __init__(self, fan_out_size: int, now: float, chance: float) -> None:
        share = S3_PUTS_PER_SECOND / max(1, fan_out_size)
        self.rate = _BEGIN_SHARE * share
        self._least = _LEAST_SHARE * share
        self._searches = True
        # Mappers that begin together don't take their turns together.
        self._last_turn = now - chance / self.rate
        self._last_put = self._lowered_at = now
        self._waited = False

    def turn(self, now: float) -> float:
        """Take a turn, and return 0; or, if it is too early for the next one, take none and return how many seconds are left."""
        due = self._last_turn + 1 / self.rate
        if due - now > _TICK_SECONDS:
            self._waited = True
            return due - now
        if self._waited:
            # Nobody need have waited all the time: a process that was frozen in between must not come back faster.
            self.rate *= math.exp(self._growth(now) * min(1.0, now - self._last_put))
        self._waited = False
        self._last_turn = max(due, now - _BURST_SECONDS)
        self._last_put = now
        return 0.0

    def refused(self, began: float, now: float) -> None:
        """S3 has refused a put that took its turn at `began`."""
        if began < self._lowered_at:
            return
        self.rate = max(self._least, self.rate * _LOWERED)
        self._searches = False
        self._lowered_at = now

    def _growth(self, now: float) -> float:
        """By which share of itself the rate grows in a second."""
        if self._searches:
            return _SEARCH_GROWTH
        return min(_SEARCH_GROWTH, _GROWTH * (1 + ((now - self._lowered_at) / _QUIET_SECONDS) ** 2))
