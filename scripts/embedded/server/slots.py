"""How many Lambda workers compute at once, without a way to deadlock.

A fan-out of hundreds would otherwise start hundreds of Python processes on a few cores. But a plain bounded pool would
hang: an invocation may *wait* for others that are still queued behind it (the poller of `http_sync_s3` does; with 20
runs there are 20 such pollers, more than the pool has places). So what is bounded is the number of invocations that
compute. One that has run for a while and whose process wants next to no CPU is *parked*: it keeps running and gives up
its place, and the next in the queue begins. When it computes again it is counted again.

    queue ──▶ running: at most `limit` that compute ──▶ done
                  └──▶ parked: any number, asleep       (bounded by the account's concurrency: 429, and a retry)

A mapper that writes to S3 also sleeps while the emulator itself is the bottleneck. Starting more of them then would
only make it slower, so as long as the emulator's own process is saturated, one a second is parked at most: still no
deadlock, only slower growth.
"""

import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

_TICK_SECONDS = 0.1
_WINDOW_SECONDS = 0.3
_PARK_AFTER_SECONDS = 0.5
_IDLE_SHARE = 0.2
_SATURATED_SHARE = 0.85
_SATURATED_PARK_SECONDS = 1.0


@dataclass(eq=False)
class Ticket:
    """One invocation. `worker` is set once it has a process; until then it counts as computing."""

    granted: threading.Event = field(default_factory=threading.Event)
    began: float = 0.0
    worker: Any = None
    parked: bool = False
    sampled: float = 0.0
    cpu: float | None = None


class Slots:
    """`take` waits for a place, first come first served; `give` returns it. Never hold the same ticket twice."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = threading.Lock()
        self._waiting: deque[Ticket] = deque()
        self._running: set[Ticket] = set()
        self._governed = False
        self._own_sample = (time.monotonic(), _own_demand_seconds())
        self._saturated = False
        self._last_park = 0.0

    def take(self) -> Ticket:
        """Blocks until there is a place."""
        ticket = Ticket()
        with self._lock:
            self._waiting.append(ticket)
            self._grant()
            if self._waiting and not self._governed:
                self._governed = True
                threading.Thread(target=self._govern, name="slots-governor", daemon=True).start()
        ticket.granted.wait()
        return ticket

    def give(self, ticket: Ticket) -> None:
        """End an invocation."""
        with self._lock:
            self._running.discard(ticket)
            self._grant()

    def _grant(self) -> None:
        free = self.limit - sum(not ticket.parked for ticket in self._running)
        while self._waiting and free > 0:
            ticket = self._waiting.popleft()
            ticket.began = time.monotonic()
            self._running.add(ticket)
            free -= 1
            ticket.granted.set()

    def _govern(self) -> None:
        """Look at the running ones ten times a second, only while somebody waits for a place."""
        while True:
            time.sleep(_TICK_SECONDS)
            with self._lock:
                if not self._waiting:
                    self._governed = False
                    return
                self._sample(time.monotonic())
                self._grant()

    def _sample(self, now: float) -> None:
        then, spent = self._own_sample
        if now - then >= _WINDOW_SECONDS:
            total = _own_demand_seconds()
            self._saturated = (total - spent) / (now - then) > _SATURATED_SHARE
            self._own_sample = (now, total)
        for ticket in sorted(self._running, key=lambda one: one.began):
            starting = ticket.worker is None or ticket.worker._proc is None
            if starting or now - ticket.sampled < _WINDOW_SECONDS:
                continue
            asleep = self._asleep(ticket, now)
            if ticket.parked or not asleep:
                ticket.parked = ticket.parked and asleep
            elif now - ticket.began >= _PARK_AFTER_SECONDS and (
                not self._saturated or now - self._last_park >= _SATURATED_PARK_SECONDS
            ):
                ticket.parked = True
                self._last_park = now

    @staticmethod
    def _asleep(ticket: Ticket, now: float) -> bool:
        """Whether it wanted little CPU since the last look; where the system cannot say, age alone decides."""
        before, since = ticket.cpu, ticket.sampled
        process = ticket.worker._proc  # another thread may have ended it meanwhile
        ticket.cpu, ticket.sampled = process and demand_seconds(process.pid), now
        if ticket.cpu is None:
            return True
        return before is not None and (ticket.cpu - before) / (now - since) < _IDLE_SHARE


def _own_demand_seconds() -> float:
    own = demand_seconds(os.getpid())
    return time.process_time() if own is None else own


def demand_seconds(pid: int) -> float | None:
    """CPU time that a process has used so far, plus the time its main thread stood ready and got no CPU.

    Without the second part, a process that computes on an overloaded machine would look asleep.
    From Linux's /proc; None without it, or when the process has gone.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    try:
        with open(f"/proc/{pid}/schedstat", encoding="utf-8") as file:
            return used + int(file.read().split()[1]) / 1e9
    except (OSError, IndexError):  # a kernel without scheduler statistics
        return used
