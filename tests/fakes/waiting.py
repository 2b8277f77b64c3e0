"""Waiting in tests: on a condition, never for a time alone, and always with a deadline."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 60.0


def wait_until(condition: Callable[[], bool], what: str, patience: float = PATIENCE_SECONDS) -> None:
    """Return as soon as `condition` holds.

    Raises:
        TimeoutError: it doesn't within `patience` seconds; names `what` was waited for.
    """
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience} s in vain for {what}")
        time.sleep(0.005)
