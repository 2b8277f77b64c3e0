"""reducer: runs the programmer's reduce over one partition.

Event::

    {"bucket": "my-bucket", "partition": "reducer0/"}

and, where the layout is not the default, `"shuffle": "packed"`; `"job"` has settings of the run, see `runtime.mapreduce.job`.

Result, a value for each word of the partition::

    {"be": 2, "to": 2}

With `"output"` in `"job"` the words go to S3 in place of that, and the result is a list with what the manifest will say of them,
see `runtime.mapreduce.parts`::

    [{"part": "s3://bucket/prefix/part-00000.jsonl", "words": 2, "bytes": 18, "sha256": "9f86..."}]
"""

from functools import partial
from typing import Any

from runtime.mapreduce import DEFAULT_LAYOUT, Job, preload, read_partition, run_reduce, shuffle_named, user_function

preload(__package__, "reduce")


def lambda_handler(event: Any, context: Any) -> dict[str, Any] | list[dict[str, Any]]:
    """Reduce one partition.

    Raises:
        ValueError: the event lacks a field, or the partition holds what no mapper writes.
        TypeError, ValueError: `user_reduce` returned no JSON value; the message names the word and the value.
        ImportError: a module that `"job"` names is not there.
        StorageError: a listing, a read or a write finally failed.
    """
    if not isinstance(event, dict) or not {"bucket", "partition"} <= event.keys():
        raise ValueError(f'reducer takes {{"bucket", "partition"}}; got {event!r:.200}')
    layout = event.get("shuffle", DEFAULT_LAYOUT)
    with Job.of(event).in_force() as job:
        user_reduce = user_function("reduce", __package__)
        # A run that emitted nothing has one reducer, without a partition.
        of_none = job.output is not None and event["partition"] is None
        words = () if of_none else read_partition(event["bucket"], event["partition"], layout)
        if job.output is None:
            # No generator comes between: it would make another error of a StopIteration that user_reduce raises.
            return {word: run_reduce(user_reduce, word, values) for word, values in words}
        from runtime.mapreduce.parts import write_part

        reduce, are_sorted = partial(run_reduce, user_reduce), shuffle_named(layout).is_sorted
        return [write_part(job.output, event["partition"], words, reduce, are_sorted=are_sorted)]
