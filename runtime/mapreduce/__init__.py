"""What component functions call: emit pairs, combine them, list partitions, read one, run the programmer's functions.

Programmers need a few names of it::

    from runtime.mapreduce import count, emit, emit_all, param

Each is imported when it is asked for: a function needs a part of it, and pays for each import at every cold start.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.aws.errors import AccessDeniedError, StorageError
    from runtime.mapreduce.counters import count
    from runtime.mapreduce.emitter import emit, emit_all, emitting
    from runtime.mapreduce.job import Job, param
    from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
    from runtime.mapreduce.objects.sender import OutOfTimeError
    from runtime.mapreduce.parsing import records
    from runtime.mapreduce.partitions import list_partitions, read_partition
    from runtime.mapreduce.pieces import texts_of
    from runtime.mapreduce.programmer import find_combine, run_map, run_reduce
    from runtime.mapreduce.sequence import Values
    from runtime.mapreduce.shuffle import DEFAULT_LAYOUT, shuffle_named
    from runtime.mapreduce.source import Source
    from runtime.mapreduce.user_code import preload, user_function

__all__ = [
    "DEFAULT_LAYOUT",
    "DEFAULT_NUM_REDUCER",
    "AccessDeniedError",
    "Job",
    "OutOfTimeError",
    "Source",
    "StorageError",
    "Values",
    "count",
    "emit",
    "emit_all",
    "emitting",
    "find_combine",
    "list_partitions",
    "param",
    "preload",
    "read_partition",
    "records",
    "run_map",
    "run_reduce",
    "shuffle_named",
    "texts_of",
    "user_function",
]

_HOMES = {
    "AccessDeniedError": "runtime.aws.errors",
    "DEFAULT_LAYOUT": "runtime.mapreduce.shuffle",
    "DEFAULT_NUM_REDUCER": "runtime.mapreduce.keys",
    "Job": "runtime.mapreduce.job",
    "OutOfTimeError": "runtime.mapreduce.objects.sender",
    "Source": "runtime.mapreduce.source",
    "StorageError": "runtime.aws.errors",
    "Values": "runtime.mapreduce.sequence",
    "count": "runtime.mapreduce.counters",
    "emit": "runtime.mapreduce.emitter",
    "emit_all": "runtime.mapreduce.emitter",
    "emitting": "runtime.mapreduce.emitter",
    "find_combine": "runtime.mapreduce.programmer",
    "list_partitions": "runtime.mapreduce.partitions",
    "param": "runtime.mapreduce.job",
    "preload": "runtime.mapreduce.user_code",
    "read_partition": "runtime.mapreduce.partitions",
    "records": "runtime.mapreduce.parsing",
    "run_map": "runtime.mapreduce.programmer",
    "run_reduce": "runtime.mapreduce.programmer",
    "shuffle_named": "runtime.mapreduce.shuffle",
    "texts_of": "runtime.mapreduce.pieces",
    "user_function": "runtime.mapreduce.user_code",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
