"""The reducers' side of the layout: which partitions exist, and what one holds.

Everything is read from the keys. The objects are empty and never fetched, but for one of each word too long for a key.
"""

from collections import Counter
from collections.abc import Iterator

from runtime.mapreduce import storage
from runtime.mapreduce.keys import Destination, is_long, partition_number, unescape
from runtime.mapreduce.sequence import Values


def list_partitions(where: Destination) -> list[str]:
    """The partitions under a destination, in the order of their numbers: `["reducer2/", "reducer10/"]`.

    Raises:
        StorageError: the listing finally failed.
    """
    numbered = [
        (number, name)
        for name in storage.list_directories(where.bucket, where.prefix)
        if (number := partition_number(name)) is not None
    ]
    return [name for _, name in sorted(numbered)]


def read_partition(where: Destination, partition: str) -> Iterator[tuple[str, Values]]:
    """Each word of a partition such as `"reducer0/"` once, with a 1 for each time it was emitted.

    Raises:
        ValueError: a key is not one that `emit` writes.
        StorageError: a request finally failed.
    """
    prefix = where.prefix + partition
    occurrences: Counter[str] = Counter()
    example_of_long: dict[str, str] = {}
    for key in storage.list_keys(where.bucket, prefix):
        segment, slash, _ = key[len(prefix) :].partition("/")
        if not slash or not segment:
            raise ValueError(f"s3://{where.bucket}/{key} is no emitted pair: expected {prefix}{{word}}/{{uuid}}")
        occurrences[segment] += 1
        if is_long(segment):
            example_of_long.setdefault(segment, key)
    for segment, times in occurrences.items():
        body = storage.get(where.bucket, example_of_long[segment]) if segment in example_of_long else None
        yield unescape(segment, body), Values([(1, times)])
