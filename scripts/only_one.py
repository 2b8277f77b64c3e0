"""One command at a time works on a thing; who has to wait says for whom."""

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_INTERVAL_SECONDS = 0.1


class LockedError(Exception):
    """Another command did not end in time."""


@contextmanager
def only_one(lock: Path, what: str, seconds: float = 1000.0) -> Iterator[None]:
    """Hold the lock while the body runs. It goes with the process, however that ends.

    Args:
        lock: a file, made if need be, with the holder's name in it.
        what: the thing, as the user knows it, e.g. "the packages".

    Raises:
        LockedError: another command holds it for that long.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    deadline, told = time.monotonic() + seconds, False
    with lock.open("a+", encoding="utf-8") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                file.seek(0)
                holder = file.read().strip() or "another command"
            if time.monotonic() >= deadline:
                raise LockedError(f"{holder} has been working on {what} for {seconds:.0f} s; end it first")
            if not told:
                print(f"waiting for {holder}, which works on {what}", file=sys.stderr, flush=True)
                told = True
            time.sleep(_INTERVAL_SECONDS)
        file.truncate(0)
        file.write(f"process {os.getpid()} ({' '.join(sys.argv[:1])})")
        file.flush()
        yield
