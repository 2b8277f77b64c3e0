"""reducer: runs the programmer's reduce over one partition.

Event::

    {"bucket": "my-bucket", "partition": "reducer0/"}

and, where the layout is not the default, `"shuffle": "packed"`; `"job"` has settings of the run, see `runtime.mapreduce.job`.

Result, a value for each word of the partition::

    {"be": 2, "to": 2}
"""

from typing import Any

from runtime.mapreduce import DEFAULT_LAYOUT, Job, read_partition, run_reduce, user_function

user_function("reduce", __package__)  # Imported at the cold start, and what can't be is told then.


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Reduce one partition.

    Raises:
        ValueError: the event lacks a field, or the partition holds what no mapper writes.
        TypeError, ValueError: `user_reduce` returned no JSON value; the message names the word and the value.
        ImportError: a module that `"job"` names is not there.
        StorageError: a listing or a read finally failed.
    """
    if not isinstance(event, dict) or not {"bucket", "partition"} <= event.keys():
        raise ValueError(f'reducer takes {{"bucket", "partition"}}; got {event!r:.200}')
    pairs = read_partition(event["bucket"], event["partition"], event.get("shuffle", DEFAULT_LAYOUT))
    with Job.of(event).in_force():
        user_reduce = user_function("reduce", __package__)
        return {word: run_reduce(user_reduce, word, values) for word, values in pairs}
