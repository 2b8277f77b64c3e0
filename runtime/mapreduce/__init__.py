"""What component functions call: emit pairs, combine them, list partitions, read one, run the programmer's functions.

Programmers need two names of it::

    from runtime.mapreduce import emit, emit_all
"""

from runtime.mapreduce.emitter import emit, emit_all, emitting
from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
from runtime.mapreduce.partitions import list_partitions, read_partition
from runtime.mapreduce.programmer import find_combine, run_map, run_reduce
from runtime.mapreduce.sender import OutOfTimeError
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
