"""What component functions call: emit pairs, combine them, list partitions, read one, run the programmer's functions.

Programmers need two names of it::

    from runtime.mapreduce import emit, emit_all

Each is imported when it is asked for: a function needs a part of it, and pays for each import at every cold start.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.mapreduce.emitter import emit, emit_all, emitting
    from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
    from runtime.mapreduce.objects.sender import OutOfTimeError
    from runtime.mapreduce.partitions import list_partitions, read_partition
    from runtime.mapreduce.programmer import find_combine, run_map, run_reduce
    from runtime.mapreduce.sequence import Values
    from runtime.mapreduce.shuffle import DEFAULT_LAYOUT
    from runtime.mapreduce.storage import AccessDeniedError, StorageError

__all__ = [
    "DEFAULT_LAYOUT",
    "DEFAULT_NUM_REDUCER",
    "AccessDeniedError",
    "OutOfTimeError",
    "StorageError",
    "Values",
    "emit",
    "emit_all",
    "emitting",
    "find_combine",
    "list_partitions",
    "read_partition",
    "run_map",
    "run_reduce",
]

_HOMES = {
    "AccessDeniedError": "storage",
    "DEFAULT_LAYOUT": "shuffle",
    "DEFAULT_NUM_REDUCER": "keys",
    "OutOfTimeError": "objects.sender",
    "StorageError": "storage",
    "Values": "sequence",
    "emit": "emitter",
    "emit_all": "emitter",
    "emitting": "emitter",
    "find_combine": "programmer",
    "list_partitions": "partitions",
    "read_partition": "partitions",
    "run_map": "programmer",
    "run_reduce": "programmer",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
