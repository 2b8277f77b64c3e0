"""The puts of one mapper, under way beside the map.

Up to `CONCURRENCY` of them are under way at once and as many wait; then `send` blocks, so that memory holds what is in flight,
however much is sent. How fast they follow one another is a matter of `pace`. A put that S3 refuses is made again, and takes its
turn like any other, for as long as the invocation lasts.
"""

import threading
from collections import deque
from concurrent import futures

from runtime.aws.errors import SlowDownError, TransientError
from runtime.mapreduce.objects.pace import Pace
from runtime.ports import ports
from runtime.retries import Retries
from runtime.run import Run

CONCURRENCY = 32

_GRACE_SECONDS = 1.0
"""How long, once time is up, to wait for the puts that are under way."""


class OutOfTimeError(Exception):
    """A mapper's time is nearly up, and what it emitted is not all stored."""

    def __init__(self, emitted: int, stored: int, refused: int, seconds: float) -> None:
        super().__init__(emitted, stored, refused, seconds)
        self.emitted, self.stored, self.refused, self.seconds = emitted, stored, refused, seconds

    def __str__(self) -> str:
        rate = self.stored / self.seconds if self.seconds > 0 else 0.0
        refused = f" S3 answered {self.refused} times that it has no time (503 SlowDown)." if self.refused else ""
        return (
            f"time is up after {self.seconds:.0f} s: {self.stored} of the {self.emitted} words emitted so far are stored, "
            f"{rate:.1f} a second.{refused} Use smaller chunks (--chunk-bytes), or give the mapper more time (timeout_seconds)."
        )


class Sender:
    """Puts objects into one bucket, several at once. It may be used from several threads.

    Threads take what waits until nothing does, so that no thread need wake another for each put: that would cost more than all
    else that is done here for it.
    """

    def __init__(self, bucket: str, run: Run) -> None:
        self._s3, self._clock = ports().s3, ports().clock
        self._bucket, self._run, self._began = bucket, run, self._clock.monotonic()
        self._deadline = threading.TIMEOUT_MAX if run.deadline is None else run.deadline
        self._pool = futures.ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="emit")
        # Guards all below. Notified when there is room for those who wait to send, and when all has ended.
        self._changed = threading.Condition()
        self._pace = Pace(run.size, self._began, self._clock.random())
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._threads = self._senders = 0
        self._sent = self._stored = self._refused = self._ended = 0
        self._closed = False
        self._failure: Exception | None = None
        self._stopped = threading.Event()
        # Whoever holds it waits for the next turn: one at a time, who then sees the rate of the moment.
        self._next = threading.Lock()

    def send(self, key: str, body: bytes) -> None:
        """Put an object, sooner or later; blocks while enough is under way.

        Raises:
            StorageError: an earlier put finally failed.
            OutOfTimeError: the invocation's time is nearly up.
            RuntimeError: the mapper is at its end, and waits for no put that is sent now.
        """
        with self._changed:
            if self._sent - self._ended >= 2 * CONCURRENCY:
                # Until there is room for many, which are then sent in one go.
                self._senders += 1
                self._changed.wait_for(self._has_room, self._seconds_left())
                self._senders -= 1
            if not self._seconds_left():
                self._fail(self._out_of_time())
            if self._failure is not None:
                raise self._failure
            if self._closed:
                raise RuntimeError("too late: a thread that nobody waits for, while the mapper ends")
            self._sent += 1
            self._run.requests["s3.PutObject"] += 1
            self._waiting.append((key, body))
            if self._threads < CONCURRENCY:
                self._threads += 1
                self._pool.submit(self._put_what_waits)

    def finish(self) -> None:
        """Wait until everything is stored.

        Raises:
            StorageError: a put finally failed.
            OutOfTimeError: the invocation's time is nearly up.
        """
        self._settle()
        if self._failure is not None:
            raise self._failure

    def abandon(self) -> None:
        """End the threads without storing what still waits: the mapper has failed, or has nothing left to store."""
        self._stopped.set()
        self._settle()

    def _has_room(self) -> bool:
        return self._sent - self._ended <= CONCURRENCY + CONCURRENCY // 2 or self._failure is not None

    def _seconds_left(self) -> float:
        return max(0.0, self._deadline - self._clock.monotonic())

    def _fail(self, error: Exception) -> None:
        with self._changed:
            # The first one stays: those under way beside it mostly fail of the same cause.
            self._failure = self._failure or error
            self._stopped.set()
            self._changed.notify_all()

    def _out_of_time(self) -> OutOfTimeError:
        return OutOfTimeError(self._sent, self._stored, self._refused, self._clock.monotonic() - self._began)

    def _settle(self) -> None:
        """Wait until no put is under way. One that hangs is left alone when time is up: Lambda waits for no thread."""
        with self._changed:
            self._closed = True
        self._pool.shutdown(wait=False)
        with self._changed:
            seconds = min(self._seconds_left() + _GRACE_SECONDS, threading.TIMEOUT_MAX)
            over = self._changed.wait_for(lambda: self._ended == self._sent, seconds)
        if over:
            self._pool.shutdown(wait=True)
        else:
            self._fail(self._out_of_time())

    def _put_what_waits(self) -> None:
        found = self._take()
        while found is not None:
            stored = False
            try:
                stored = self._store(*found)
            except Exception as error:
                self._fail(error)
            found = self._end_and_take(stored)

    def _end_and_take(self, stored: bool) -> tuple[str, bytes, float | None] | None:
        with self._changed:
            self._ended += 1
            self._stored += stored
            if (self._senders and self._has_room()) or (self._closed and self._ended == self._sent):
                self._changed.notify_all()
            return self._take()

    def _take(self) -> tuple[str, bytes, float | None] | None:
        """What is put next, and when its turn was, if that is now; None ends the thread."""
        with self._changed:
            if not self._waiting:
                self._threads -= 1
                return None
            now = self._clock.monotonic()
            at_once = not self._next.locked() and now < self._deadline and not self._pace.turn(now)
            return *self._waiting.popleft(), now if at_once else None

    def _store(self, key: str, body: bytes, began: float | None) -> bool:
        """Whether it is stored: what is no longer wanted is not."""
        retries = Retries(self._clock, self._run.deadline)
        while (began := self._take_turn() if began is None else began) is not None and not self._stopped.is_set():
            try:
                self._s3.put_once(self._bucket, key, body)
                return True
            except TransientError as error:
                if isinstance(error, SlowDownError):
                    self._slow_down(began)
                pause = retries.pause(answered=isinstance(error, SlowDownError))
                if pause is None and self._seconds_left():
                    raise
                self._clock.wait(self._stopped, pause or 0.0)
            began = None
        return False

    def _slow_down(self, began: float) -> None:
        with self._changed:
            self._refused += 1
            self._run.retries["s3:PutObject"] += 1
            self._pace.refused(began, self._clock.monotonic())

    def _take_turn(self) -> float | None:
        """Wait for the next turn: when it is, or None if nothing is to be stored any more. Raises OutOfTimeError."""
        with self._next:
            while not self._stopped.is_set():
                now = self._clock.monotonic()
                with self._changed:
                    if now >= self._deadline:
                        raise self._out_of_time()
                    seconds = self._pace.turn(now)
                if not seconds:
                    return now
                self._clock.wait(self._stopped, min(seconds, self._deadline - now))
        return None
