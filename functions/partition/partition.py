"""partition: lists the partitions that the mappers filled.

The mappers partition: `emit` chooses the reducer. What is left to do here is to say which partitions hold something.

Event: the return values of all mappers::

    [{"bucket": "my-bucket", "numReducer": 3}, {"bucket": "my-bucket", "numReducer": 3}]

Result, in the order of the reducers' numbers::

    [{"bucket": "my-bucket", "partition": "reducer0/"}, {"bucket": "my-bucket", "partition": "reducer2/"}]

Where the mappers' outputs name a layout, as `"shuffle": "packed"`, each entry does. So it is with `"job"`. If that has an
`"output"` in S3 and nothing was emitted, there is one entry all the same, whose partition is null: somebody has to write the
empty result.
"""

import json
from typing import Any

from runtime.mapreduce import DEFAULT_LAYOUT, list_partitions

_ALIKE = {"bucket": None, "numReducer": None, "shuffle": DEFAULT_LAYOUT, "job": None}
"""What all mappers must agree on, and what it is where a mapper doesn't say."""


def lambda_handler(event: Any, context: Any) -> list[dict[str, Any]]:
    """List one entry for each partition that holds something; an empty array gives an empty array.

    Raises:
        ValueError: the event is no array of mapper outputs, or the mappers disagree on where or how they partitioned:
            a word would then be in two partitions, and no union of the reducers' results could be right.
    """
    if not isinstance(event, list):
        raise ValueError(f"partition takes an array of mapper outputs; got {type(event).__name__}")
    ways: dict[tuple[str, ...], int] = {}
    for number, output in enumerate(event, 1):
        if not isinstance(output, dict) or not isinstance(output.get("bucket"), str) or type(output.get("numReducer")) is not int:
            raise ValueError(f'partition: mapper output {number} is not {{"bucket", "numReducer"}}: {output!r:.200}')
        way = tuple(f"{name} {json.dumps(output.get(name, default), sort_keys=True)}" for name, default in _ALIKE.items())
        ways.setdefault(way, number)
    if len(ways) > 1:
        (first, a), (second, b) = list(ways.items())[:2]
        raise ValueError(
            f"partition: mapper output {a} has {', '.join(first):.400}, and output {b} has {', '.join(second):.400}; "
            "all chunks of a run need one destination, one numReducer, one shuffle and one job"
        )
    if not event:
        return []
    bucket, layout = event[0]["bucket"], event[0].get("shuffle", DEFAULT_LAYOUT)
    passed_on = {name: event[0][name] for name in ("shuffle", "job") if name in event[0]}
    partitions: list[str | None] = [*list_partitions(bucket, layout, len(event))]
    if not partitions and "output" in event[0].get("job", {}):
        partitions = [None]
    return [{"bucket": bucket, "partition": partition} | passed_on for partition in partitions]
