"""Map functions that misbehave on purpose."""

import threading

from functions.mapper.user_map import user_map
from tests.fakes.cluster import Killed
from tests.fakes.waiting import PATIENCE_SECONDS


class Flaky:
    """Emits everything and then raises, the first `times` times; all is well after that."""

    def __init__(self, times: int, error: Exception) -> None:
        self.calls = 0
        self._times, self._error, self._lock = times, error, threading.Lock()

    def __call__(self, text: str) -> None:
        user_map(text)
        with self._lock:
            self.calls += 1
            if self.calls <= self._times:
                raise self._error


class Gate:
    """Holds the mapper of the text `slow` until the gate is opened."""

    def __init__(self) -> None:
        self._open = threading.Event()

    def open(self) -> None:
        """Let the mapper go on."""
        self._open.set()

    def __call__(self, text: str) -> None:
        if text == "slow" and not self._open.wait(PATIENCE_SECONDS):
            raise TimeoutError("nobody opened the gate")
        user_map(text)


class Deadly:
    """Ends the function without a word, the first `times` times, once everything is emitted."""

    def __init__(self, times: int) -> None:
        self.calls = 0
        self._times, self._lock = times, threading.Lock()

    def __call__(self, text: str) -> None:
        user_map(text)
        with self._lock:
            self.calls += 1
            if self.calls <= self._times:
                raise Killed
