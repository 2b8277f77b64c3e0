"""A fan-out of mappers against an S3 that takes so many PUTs a second, in virtual time: no threads, no sleeping.

`Pace` and `Retries` are the true ones. What `Sender` does around them with threads is done here with events: at most
`CONCURRENCY` puts of a mapper are under way or pausing, and one at a time waits for the next turn.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from runtime.clock import Clock
from runtime.mapreduce.objects.pace import Pace
from runtime.mapreduce.objects.sender import CONCURRENCY
from runtime.retries import Retries


class TokenBucket:
    """Takes `rate` requests a second, and at most `burst` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self._burst = self._tokens = burst
        self._filled = 0.0

    def take(self, now: float) -> bool:
        """Whether there is a token left for a request that comes now."""
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self.rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass
class Outcome:
    """What became of a fan-out.

    Attributes:
        seconds: until the last mapper ended.
        stored: objects, of all mappers.
        refused: puts that were answered with 503.
        failed: mappers that gave up.
        taken: when each put was taken.
        ended: when each mapper ended.
    """

    seconds: float = 0.0
    stored: int = 0
    refused: int = 0
    failed: int = 0
    taken: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)

    def share(self, rate: float, begin: float, end: float) -> float:
        """How much of what S3 would have taken between two times was used."""
        return sum(begin <= time < end for time in self.taken) / (rate * (end - begin))


class _World(Clock):
    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = 0

    def monotonic(self) -> float:
        return self.now

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.now + seconds, self._number, action))

    def run(self) -> None:
        while self._events:
            self.now, _, action = heapq.heappop(self._events)
            action()


class _Mapper:
    def __init__(self, world: _World, bucket: TokenBucket, words: int, size: int, lasts: float, outcome: Outcome) -> None:
        self._world, self._bucket, self._outcome = world, bucket, outcome
        self._left, self._busy, self._asked = words, 0, False
        self._queue: deque[Retries] = deque()
        self._deadline = world.now + lasts
        self.pace = Pace(size, world.now, random.random())

    def begin(self) -> None:
        self._fill()

    def _fill(self) -> None:
        while self._left and self._busy < CONCURRENCY:
            self._left -= 1
            self._busy += 1
            self._queue.append(Retries(self._world, self._deadline))
        self._take_turns()

    def _take_turns(self) -> None:
        while self._queue and not self._asked:
            now = self._world.now
            if now >= self._deadline:
                self._end(failed=True)
                return
            if seconds := self.pace.turn(now):
                self._asked = True
                self._world.after(seconds, self._asked_again)
            else:
                self._put(self._queue.popleft())

    def _asked_again(self) -> None:
        self._asked = False
        self._take_turns()

    def _put(self, tries: Retries) -> None:
        began, there = self._world.now, random.uniform(0.015, 0.03)

        def arrive() -> None:
            taken = self._bucket.take(self._world.now)
            if taken:
                self._outcome.taken.append(self._world.now)
            self._world.after(there, lambda: self._answered(tries, began, taken))

        self._world.after(there, arrive)

    def _answered(self, tries: Retries, began: float, taken: bool) -> None:
        if taken:
            self._outcome.stored += 1
            self._busy -= 1
            self._fill()
            if not self._busy:
                self._end(failed=False)
            return
        self._outcome.refused += 1
        self.pace.refused(began, self._world.now)
        pause = tries.pause(answered=True)

        def again() -> None:
            self._queue.append(tries)
            self._take_turns()

        self._world.after(pause or 0.0, again)

    def _end(self, failed: bool) -> None:
        self._outcome.failed += failed
        self._outcome.ended.append(self._world.now)
        self._outcome.seconds = max(self._outcome.seconds, self._world.now)
        self._queue.clear()
        self._left = 0


def fan_out(
    mappers: int, words: int, *, rate: float = 3500.0, at_once: int | None = None, lasts: float = 895.0, seed: int = 1
) -> Outcome:
    """Run `mappers` that emit `words` each; no more than `at_once` of them at the same time, each for `lasts` seconds at most."""
    world, outcome = _World(), Outcome()
    bucket = TokenBucket(rate, burst=rate / 10)
    waiting = mappers

    def start() -> None:
        nonlocal waiting
        if waiting:
            waiting -= 1
            mapper = _Mapper(world, bucket, words, mappers, lasts, outcome)
            ended = mapper._end

            def end(failed: bool) -> None:
                ended(failed)
                start()

            mapper._end = end  # type: ignore[method-assign]
            mapper.begin()

    state = random.getstate()
    random.seed(seed)
    try:
        for _ in range(min(mappers, at_once or mappers)):
            world.after(random.uniform(0, 0.5), start)
        world.run()
    finally:
        random.setstate(state)
    return outcome
