"""mapper: runs the programmer's map over one chunk of text, and stores in S3 what it emits.

A job may have a module `user_combine` beside `user_map`, with a function `user_combine(word, values)`. The layout `packed` stores
the value that it returns in place of the values it got. The layout `objects` has one object for each value, and leaves it out.

Event::

    {"text": "to be or not to be", "destination": "my-bucket", "numReducer": 3}

`destination` is a bucket, `bucket/prefix` or `s3://bucket/prefix`; `numReducer` may be left out (3). In place of `"text"`, a list
`"pieces"` may hold several texts, see `runtime.mapreduce.pieces`.

`"shuffle": "packed"` or `"objects"` chooses the layout in which the pairs are stored. Without it the environment variable
`SHUFFLE` does, and without that it is `objects`. `"job"` has settings of the run, see `runtime.mapreduce.job`.

Result: where the emitted pairs are, and how many ways they are partitioned::

    {"bucket": "my-bucket", "numReducer": 3}

`"shuffle"` stands in it, too, if the event has it or it is not `objects`, and `"job"` if the event has it.
"""

import os
from typing import Any

from runtime.mapreduce import (
    DEFAULT_LAYOUT,
    DEFAULT_NUM_REDUCER,
    Job,
    emitting,
    find_combine,
    preload,
    run_map,
    texts_of,
    user_function,
)

preload(__package__, "map", "combine")


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Map one chunk. Returns only when every emitted object is stored.

    Raises:
        ValueError: a field is missing or of the wrong kind, or a word or a value cannot be stored.
        TypeError: `user_map` returned something that cannot be emitted, or `user_combine` no value.
        ImportError: a module that `"job"` names is not there.
        RuntimeError: `emit` was called when or where nobody can hear it, see `runtime.mapreduce.scope`.
        StorageError: a put finally failed; the message names bucket, key and cause.
    """
    if not isinstance(event, dict):
        raise ValueError(f'mapper takes {{"text", "destination"}}; got {type(event).__name__}')
    texts, destination = texts_of(event), event.get("destination")
    num_reducer = event.get("numReducer", DEFAULT_NUM_REDUCER)
    shuffle = event.get("shuffle", os.environ.get("SHUFFLE") or DEFAULT_LAYOUT)
    with Job.of(event).in_force():
        user_map = user_function("map", __package__)
        with emitting(destination, num_reducer, shuffle, find_combine(__package__)):
            for text, source in texts:
                run_map(user_map, text, source)
    output = {"bucket": destination, "numReducer": num_reducer}
    if shuffle != DEFAULT_LAYOUT or "shuffle" in event:
        output["shuffle"] = shuffle
    return output | {"job": event["job"]} if "job" in event else output
