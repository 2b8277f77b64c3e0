"""The reducers' side of a run: which partitions hold something, and what one holds."""

from collections.abc import Iterator

from runtime.mapreduce.keys import Destination, partition_number
from runtime.mapreduce.sequence import Values
from runtime.mapreduce.shuffle import DEFAULT_LAYOUT, shuffle_named
from runtime.run import current_run


def list_partitions(destination: object, shuffle: object = DEFAULT_LAYOUT, mappers: int = 1) -> list[str]:
    """The partitions that hold something, in the order of their numbers: `["reducer2/", "reducer10/"]`.

    Args:
        destination: what the mappers got.
        shuffle: the layout's name.
        mappers: how many mappers there were.

    Raises:
        ValueError: destination or layout is malformed.
        StorageError: a request finally failed.
    """
    layout, run = shuffle_named(shuffle), current_run()
    return layout.partitions(Destination.parse(destination, run.run_id), run, mappers)


def read_partition(destination: object, partition: object, shuffle: object = DEFAULT_LAYOUT) -> Iterator[tuple[str, Values]]:
    """Each word of a partition such as `"reducer0/"` once, with all that was emitted for it.

    Raises:
        ValueError: destination, partition or layout is malformed, or something in the partition was not written by mappers.
        StorageError: a request finally failed.
    """
    layout, run = shuffle_named(shuffle), current_run()
    where = Destination.parse(destination, run.run_id)
    if not isinstance(partition, str) or partition_number(partition) is None:
        raise ValueError(f'"partition" must be like "reducer0/"; got {partition!r:.200}')
    return layout.read(where, partition, run)
