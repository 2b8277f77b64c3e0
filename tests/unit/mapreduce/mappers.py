"""Mappers for tests of emit, and a program whose user_map a test writes."""

import subprocess
import sys
import textwrap
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from runtime.mapreduce import emit, emitting, run_map
from runtime.run import Run, within
from scripts import paths
from tests.fakes.shuffle_store import ShuffleStore
from tests.fakes.waiting import PATIENCE_SECONDS

WORDS = [f"w{number % 50}" for number in range(1000)]
Map = Callable[[str], Any]


def run(user_map: Map, bucket: str = "my-bucket", run_id: str = "run1") -> None:
    with within(Run(run_id)), emitting(bucket, 3):
        run_map(user_map, "")


def counts(store: ShuffleStore) -> Counter[str]:
    return Counter(key.split("/")[2] for key in store.objects)


def emit_all(words: list[str] = WORDS) -> None:
    for word in words:
        emit(word)


def plain_threads(text: str) -> None:
    threads = [threading.Thread(target=emit_all, args=(WORDS[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class LeftBehind:
    """A map that returns, or fails, while a thread of its own emits on until it is told to stop."""

    def __init__(self, error: Exception | None = None, **about: Any) -> None:
        self._error, self._about = error, about
        self._emitted, self._go_on, self._stop = threading.Event(), threading.Event(), threading.Event()
        self.errors: list[Exception] = []
        self.thread = threading.Thread()

    def __call__(self, text: str) -> None:
        self.thread = threading.Thread(target=self._work, name="left behind", **self._about)
        self.thread.start()
        assert self._emitted.wait(PATIENCE_SECONDS)
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        emit("early")
        self._emitted.set()
        self._go_on.wait(PATIENCE_SECONDS)
        try:
            emit("late")
        except RuntimeError as error:
            self.errors.append(error)

    def go_on(self) -> None:
        self._go_on.set()
        self.thread.join(PATIENCE_SECONDS)
        assert not self.thread.is_alive()


PROGRAM = """
import multiprocessing, os, sys, threading
from concurrent.futures import ProcessPoolExecutor
from runtime.mapreduce import emit, emitting, run_map
from runtime.ports import ports

stored = []
ports().s3.put_once = lambda bucket, key, body: stored.append(key)

{user_map}

if __name__ == "__main__":
    try:
        with emitting("my-bucket", 3):
            run_map(user_map, "")
    except Exception as error:
        print(f"{{type(error).__name__}}: {{error}}", flush=True)
    else:
        print(f"stored {{len(stored)}}", flush=True)
"""


def told(tmp_path: Any, user_map: str) -> tuple[str, str]:
    """What a mapper of its own process says in the end, and what is on its error stream."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(user_map=textwrap.dedent(user_map)))
    # Python warns of a fork beside threads, and so it should.
    command = [sys.executable, "-W", "ignore", str(program)]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(paths.ROOT)}, capture_output=True, text=True, timeout=PATIENCE_SECONDS * 4, check=True
    )
    return done.stdout, done.stderr
