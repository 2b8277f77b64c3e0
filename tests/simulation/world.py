"""Time, threads and death in a simulation: one event queue, one baton.

Each invocation is a process, whose code runs on real threads (strands), of which only the one with the baton moves. A
strand gives the baton up where it waits: in `pause` and `block`, that is at every request and every sleep. The queue says
who is next, and time jumps to when that is. So a run of the world depends on its seed alone, while every interleaving is
possible.
"""

import heapq
import random
import threading
from collections.abc import Callable
from contextvars import Context
from typing import Any, NoReturn

START_SECONDS = 1_795_000_000.0
_PATIENCE_SECONDS = 240.0


class Killed(BaseException):
    """The process has died. No ordinary error: code of ours that catches it, or makes a request after it, is wrong."""


class Process:
    """What lives and dies as a whole: an invocation, with all its threads.

    Attributes:
        began: when it did, seconds since the epoch.
        ends: when it runs out of time, seconds since the epoch.
        alive: False once it has ended, by itself or by death.
        function: which one it is an invocation of.
        lineage: the event that it works on, with the faults that it may still meet; None is spared all faults.
        calls: the lineages of the invocations that it waits for.
        conflicts: how many of its requests were turned away, for it to repeat.
    """

    def __init__(self, world: "World", name: str, ends: float, ended: Callable[[Any, str | None], None]) -> None:
        self.name, self.began, self.ends, self.alive = name, world.now, ends, True
        self._world, self._ended = world, ended
        self.strands: dict[Strand, None] = {}
        self.function = ""
        self.lineage: Any = None
        self.calls: dict[Any, Any] = {}
        self.conflicts = 0

    def finish(self, outcome: Any, cause: str | None = None) -> None:
        """End: with an outcome, or by death of a cause."""
        if self.alive:
            self.alive = False
            self._ended(outcome, cause)

    def die(self, cause: str) -> NoReturn:
        """Die at once: nothing of the process runs any more."""
        self._world.trace("dies", self.name, cause)
        self.finish(None, cause)
        for strand in list(self.strands):
            self._world.wake(strand)
        raise Killed


class Strand:
    """A thread of a process."""

    def __init__(self, process: Process, lock: threading.Lock) -> None:
        self.process, self.lock = process, lock
        self.token, self.blocked = 0, False


class World:
    """A simulation's clock and scheduler.

    Attributes:
        now: seconds since the epoch.
        random: the only source of chance.
        running: the strand that has the baton.
        late: whether `limit` seconds went by with something left to do.
        lines: what happened, if it is recorded.
    """

    def __init__(self, seed: int | str, limit: float, record: bool = False) -> None:
        self.now, self.late = START_SECONDS, False
        self.random = random.Random(seed)
        self.running: Strand | None = None
        self.lines: list[str] = []
        self._record, self._limit = record, START_SECONDS + limit
        self._queue: list[tuple[float, int, Any, int | None]] = []
        self._number = 0
        self._strands: dict[Strand, None] = {}
        self._over = threading.Lock()
        self._over.acquire()
        self._sweeping = False
        self._error: BaseException | None = None

    def trace(self, *words: object) -> None:
        """Record what happens."""
        if self._record:
            self.lines.append(f"{self.now - START_SECONDS:10.3f}  " + "  ".join(map(str, words)))

    @property
    def recording(self) -> bool:
        """Whether `trace` does anything."""
        return self._record

    @property
    def processes(self) -> list[Process]:
        """Those that live."""
        return list(dict.fromkeys(strand.process for strand in self._strands if strand.process.alive))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` in some seconds; it must not wait."""
        self._push(self.now + seconds, action, None)

    def start(self, name: str, seconds: float, body: Callable[[], Any], ended: Callable[[Any, str | None], None]) -> Process:
        """Start a process that may take `seconds`; `ended(outcome, cause of death)` is called once, when it has ended."""
        process = Process(self, name, self.now + seconds, ended)
        context = Context()
        self.fork(process, lambda: process.finish(context.run(body)))
        return process

    def fork(self, process: Process, body: Callable[[], None]) -> None:
        """Give a process another thread."""
        worker = _IDLE.pop() if _IDLE else _Worker()
        strand = Strand(process, worker.lock)
        process.strands[strand] = None
        self._strands[strand] = None
        worker.task = lambda: self._live(worker, strand, body)
        self._push(self.now, strand, strand.token)

    def pause(self, seconds: float) -> None:
        """Let time go by in the running process.

        Raises:
            Killed: its time ran out, or it has died meanwhile.
        """
        me = self._me()
        process = me.process
        until = min(self.now + seconds, process.ends)
        if not self._queue or until < self._queue[0][0]:
            if until > self._limit:
                self._push(until, me, me.token)
                self._hand_on(me)
            else:
                self.now = until
        else:
            self._push(until, me, me.token)
            self._hand_on(me)
        self._check(process)

    def block(self) -> None:
        """Wait until another strand wakes this one. Raises Killed."""
        me = self._me()
        me.blocked = True
        if me.process.ends < float("inf"):
            self._push(me.process.ends, me, me.token)
        self._hand_on(me)
        me.blocked = False
        self._check(me.process)

    def wake(self, strand: Strand) -> None:
        """Let a strand go on that is blocked."""
        if strand.blocked:
            strand.blocked = False
            strand.token += 1
            self._push(self.now, strand, strand.token)

    def cut_short(self) -> None:
        """Let time be up now."""
        self._limit = self.now

    def run(self) -> None:
        """Go on until nothing is left to do, or time is up.

        Raises:
            Exception: what went wrong in the simulation itself.
        """
        self._hand_on(None)
        self._await_baton()
        self._sweeping = True
        for strand in list(self._strands):
            strand.process.alive = False
            self.running = strand
            strand.lock.release()
            self._await_baton()
        if self._error is not None:
            raise self._error

    def _me(self) -> Strand:
        me = self.running
        if me is None:
            raise RuntimeError("only a process can wait")
        if not me.process.alive:
            raise Killed
        return me

    def _check(self, process: Process) -> None:
        if not process.alive:
            raise Killed
        if self.now >= process.ends:
            process.die("Sandbox.Timedout")

    def _push(self, time: float, what: Any, token: int | None) -> None:
        self._number += 1
        heapq.heappush(self._queue, (time, self._number, what, token))

    def _hand_on(self, me: Strand | None) -> None:
        """Find out who is next, and give it the baton; return when `me` has it again."""
        queue = self._queue
        while queue and self._error is None:
            time, _, what, token = heapq.heappop(queue)
            if token is not None and what.token != token:
                continue
            if time > self._limit:
                self.late = True
                break
            self.now = time
            if token is None:
                self.running = None
                try:
                    what()
                except BaseException as error:
                    self._error = error
                continue
            what.token += 1
            self.running = what
            if what is not me:
                what.lock.release()
                if me is not None:
                    me.lock.acquire()
            return
        self._over.release()
        if me is not None:
            me.lock.acquire()

    def _live(self, worker: "_Worker", strand: Strand, body: Callable[[], None]) -> None:
        try:
            if strand.process.alive:
                body()
        except Killed:
            pass
        except BaseException as error:
            self._error = error
        del strand.process.strands[strand]
        del self._strands[strand]
        _IDLE.append(worker)
        if self._sweeping:
            self._over.release()
        else:
            self._hand_on(None)

    def _await_baton(self) -> None:
        if not self._over.acquire(timeout=_PATIENCE_SECONDS):
            self._error = RuntimeError(f"the simulation takes too long; at last: {self.lines[-1:]}")
            raise self._error


class _Worker:
    """A thread that serves one strand after the other, in one world after the other."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.task: Callable[[], None] = lambda: None
        threading.Thread(target=self._serve, name="strand", daemon=True).start()

    def _serve(self) -> None:
        while True:
            self.lock.acquire()
            self.task()


_IDLE: list[_Worker] = []
