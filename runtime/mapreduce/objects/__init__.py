"""The layout `objects`: one object in S3 for each pair.

{prefix/}{run/}reducer{id}/{word}/{uuid}    a pair; empty if its value is 1, see `bodies` for others
{prefix/}{run/}emitted/{index}, sum         the proof that a run's pairs are complete, see `proof`
"""

from collections.abc import Iterator

from runtime.mapreduce.keys import Destination
from runtime.mapreduce.sequence import Values
from runtime.mapreduce.shuffle import Combine, Shuffle, Writer
from runtime.run import Run

# Each side is imported where it is used: a cold start pays for no other.


class Objects(Shuffle):
    """See `shuffle.Shuffle`. Escaped words, and those too long for a key, have another order than words have."""

    is_sorted = False

    def writer(self, where: Destination, num_reducer: int, run: Run, combine: Combine | None) -> Writer:
        """What puts an object for each pair. There is nothing in it to combine, and the log line says so."""
        from runtime.mapreduce.objects.writer import ObjectWriter

        if combine is not None:
            run.notes["combiner"] = "left out"
        return ObjectWriter(where, num_reducer, run)

    def partitions(self, where: Destination, run: Run, mappers: int) -> list[str]:
        """The directories that the mappers filled."""
        from runtime.mapreduce.objects.reader import list_partitions

        return list_partitions(where, run, mappers)

    def read(self, where: Destination, partition: str, run: Run) -> Iterator[tuple[str, Values]]:
        """Each word once, in the order of the keys."""
        from runtime.mapreduce.objects.reader import read_partition

        return read_partition(where, partition, run)


LAYOUT = Objects()
