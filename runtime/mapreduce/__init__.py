"""What component functions call: emit pairs, list partitions, read one, run the programmer's functions.

Programmers need one name of it::

    from runtime.mapreduce import emit
"""

from runtime.mapreduce.emitter import emit, emitting
from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER
from runtime.mapreduce.partitions import list_partitions, read_partition
from runtime.mapreduce.programmer import run_map, run_reduce
from runtime.mapreduce.sender import OutOfTimeError
from runtime.mapreduce.storage import AccessDeniedError, StorageError

__all__ = [
    "DEFAULT_NUM_REDUCER",
    "AccessDeniedError",
    "OutOfTimeError",
    "StorageError",
    "emit",
    "emitting",
    "list_partitions",
    "read_partition",
    "run_map",
    "run_reduce",
]
