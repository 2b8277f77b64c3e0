"""What component functions call: emit pairs, combine them, list partitions, read one, run the programmer's functions.

Programmers need a few names of it::

    from runtime.mapreduce import count, emit, emit_all, param

Each is imported when it is asked for: a function needs a part of it, and pays for each import at every cold start.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.mapreduce.counters import count as count
    from runtime.mapreduce.emitter import emit as emit
    from runtime.mapreduce.emitter import emit_all as emit_all
    from runtime.mapreduce.emitter import emitting as emitting
    from runtime.mapreduce.job import Job as Job
    from runtime.mapreduce.job import param as param
    from runtime.mapreduce.keys import DEFAULT_NUM_REDUCER as DEFAULT_NUM_REDUCER
    from runtime.mapreduce.parsing import records as records
    from runtime.mapreduce.partitions import list_partitions as list_partitions
    from runtime.mapreduce.partitions import read_partition as read_partition
    from runtime.mapreduce.pieces import texts_of as texts_of
    from runtime.mapreduce.programmer import find_combine as find_combine
    from runtime.mapreduce.programmer import run_map as run_map
    from runtime.mapreduce.programmer import run_reduce as run_reduce
    from runtime.mapreduce.sequence import Values as Values
    from runtime.mapreduce.shuffle import DEFAULT_LAYOUT as DEFAULT_LAYOUT
    from runtime.mapreduce.shuffle import shuffle_named as shuffle_named
    from runtime.mapreduce.source import Source as Source
    from runtime.mapreduce.user_code import preload as preload
    from runtime.mapreduce.user_code import user_function as user_function

_HOMES = {
    "counters": ("count",),
    "emitter": ("emit", "emit_all", "emitting"),
    "job": ("Job", "param"),
    "keys": ("DEFAULT_NUM_REDUCER",),
    "parsing": ("records",),
    "partitions": ("list_partitions", "read_partition"),
    "pieces": ("texts_of",),
    "programmer": ("find_combine", "run_map", "run_reduce"),
    "sequence": ("Values",),
    "shuffle": ("DEFAULT_LAYOUT", "shuffle_named"),
    "source": ("Source",),
    "user_code": ("preload", "user_function"),
}
"""The names by their modules."""


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
