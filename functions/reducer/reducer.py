"""reducer: runs the programmer's reduce over one partition.

Event::

    {"bucket": "my-bucket", "partition": "reducer0/"}

and, where the layout is not the default, `"shuffle": "packed"`.

Result, a value for each word of the partition::

    {"be": 2, "to": 2}
"""

from typing import Any

from functions.reducer.user_reduce import user_reduce
from runtime.mapreduce import DEFAULT_LAYOUT, read_partition, run_reduce


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Reduce one partition.

    Raises:
        ValueError: the event lacks a field, or the partition holds what no mapper writes.
        TypeError, ValueError: `user_reduce` returned no JSON value; the message names the word and the value.
        StorageError: a listing or a read finally failed.
    """
    if not isinstance(event, dict) or not {"bucket", "partition"} <= event.keys():
        raise ValueError(f'reducer takes {{"bucket", "partition"}}; got {event!r:.200}')
    pairs = read_partition(event["bucket"], event["partition"], event.get("shuffle", DEFAULT_LAYOUT))
    return {word: run_reduce(user_reduce, word, values) for word, values in pairs}
