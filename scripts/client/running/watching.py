"""Looking after a run in the background, so that neither a slow nor a failing question delays the result."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from scripts.client.orchestrations import Orchestration, Progress, Verdict

T = TypeVar("T")

_INTERVAL_SECONDS = 0.5

_FIRST_SECONDS = 0.3
"""Before the first question: a small run has ended by then, and a question would only delay it."""

_LAST_SECONDS = 0.02
"""For the answer to a question that is under way when the run has ended: nobody needs it any more."""


class Watcher:
    """Asks every half second or more rarely how far the run is and what the platform says of it. Use as a context manager.

    Attributes:
        progress: the latest known; unknown in all parts if the last question failed.
        verdict: the platform's word, once the run has ended.
    """

    def __init__(self, orchestration: Orchestration, size: int | None, *, want_progress: bool) -> None:
        self._orchestration, self._size, self._want_progress = orchestration, size, want_progress
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._unknown = Progress(sizes=orchestration.sizes(size))
        self.progress = self._unknown
        self.verdict: Verdict | None = None

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=_LAST_SECONDS)

    def _watch(self) -> None:
        self._stop.wait(_FIRST_SECONDS)
        while not self._stop.is_set() and self.verdict is None:
            began = time.monotonic()
            if self._want_progress:
                self.progress = _ask(partial(self._orchestration.progress, self._size), self._unknown)
            self.verdict = _ask(self._orchestration.verdict, None)
            took = time.monotonic() - began
            self._stop.wait(max(_INTERVAL_SECONDS, 2 * took))  # slow answers mean a busy service: ask it less often


def _ask(question: Callable[[], T], unknown: T) -> T:
    """The answer. Whatever goes wrong fails no run: progress is decoration, and no verdict is not a bad one."""
    try:
        return question()
    except Exception:
        return unknown
