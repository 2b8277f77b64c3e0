"""The layout `packed`: one object for each mapper, with one compressed block for each partition. docs/packed.md specifies it.

    {prefix/}{run/}packed/{index}    a mapper's pairs; written by the mapper, read by partition and reducers
    {prefix/}{run/}packed/index      where each partition's blocks are; written by partition, read by reducers

Outside a run, a mapper's object has a random name. All are kept until the run is cleaned up.
"""

from collections.abc import Iterator

from runtime.mapreduce.keys import Destination
from runtime.mapreduce.sequence import Values
from runtime.mapreduce.shuffle import Combine, Shuffle, Writer
from runtime.run import Run


class _Packed(Shuffle):
    """Each function imports what it needs alone: its cold start is somebody's waiting time."""

    is_sorted = True

    def writer(self, where: Destination, num_reducer: int, run: Run, combine: Combine | None) -> Writer:
        from runtime.mapreduce.packed.writer import PackedWriter

        return PackedWriter(where, num_reducer, run, combine)

    def partitions(self, where: Destination, run: Run, mappers: int) -> list[str]:
        from runtime.mapreduce.packed.merged import merge_indexes

        return merge_indexes(where, run, mappers)

    def read(self, where: Destination, partition: str, run: Run) -> Iterator[tuple[str, Values]]:
        from runtime.mapreduce.packed.reader import read

        return read(where, partition, run)


LAYOUT: Shuffle = _Packed()
