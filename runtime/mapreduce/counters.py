"""count: how the programmer's functions tell of what they have met, beside the result.

The numbers of a run are summed over its mappers and reducers. An invocation that is repeated counts once: its numbers are stored
by whoever calls the component function, once that has returned, see `runtime.orchestration.values.counters`. Outside of a run
they are dropped.
"""

import os
from threading import Lock

from runtime.mapreduce import processes
from runtime.mapreduce.job import served
from runtime.mapreduce.values import MAX_INTEGER, exact, shown

MAX_NAMES = 1000
"""Of one invocation: counters tell of kinds of things. What has no end of names is a key to be emitted."""

MAX_NAME_LENGTH = 200

_lock = Lock()


def count(name: str, by: int = 1) -> None:
    """Add to a counter of the run. Threads and tasks may call it that the function waits for, as they may call `emit`.

    Args:
        name: the counter's, such as "bad lines"; up to 200 characters.
        by: a whole number.

    Raises:
        TypeError: the name is no string, or the number is not whole.
        ValueError: the name is empty or too long, there are too many names, or the number is beyond what JSON readers take.
        RuntimeError: the function has returned, or this is another process than the function's.
    """
    if not isinstance(name, str):
        raise TypeError(f"count() takes a name, a string; got {shown(name)}")
    if type(by) is not int:
        raise TypeError(f"count({shown(name)}) takes a whole number; got {shown(by)}")
    if not 0 < len(name) <= MAX_NAME_LENGTH or abs(by) > MAX_INTEGER:
        raise ValueError(f"count({shown(name)}, {by}): a name has 1 to {MAX_NAME_LENGTH} characters, a number at most 53 bits")
    name.encode()  # Raises a ValueError for a lone surrogate, which could not be stored.
    one = served()
    if (one and one.process != os.getpid()) or (one is None and processes.parent() is not None):
        raise RuntimeError("count() was called in another process than its function; return the number, and count it there")
    if one is None:
        return
    with _lock:
        if not one.open:
            raise RuntimeError(f"count({shown(name)}) was called after its function had returned; wait for the thread in it")
        counters = one.run.counters
        if name not in counters and len(counters) >= MAX_NAMES:
            raise ValueError(f"count({shown(name)}): there are {MAX_NAMES} counters already; emit what has no end of names")
        counters[exact(name)] += by
