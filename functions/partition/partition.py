"""partition: lists the partitions that the mappers filled.

The mappers partition: `emit` chooses the reducer. What is left to do here is to say which partitions hold something.

Event: the return values of all mappers::

    [{"bucket": "my-bucket", "numReducer": 3}, {"bucket": "my-bucket", "numReducer": 3}]

Result, in the order of the reducers' numbers::

    [{"bucket": "my-bucket", "partition": "reducer0/"}, {"bucket": "my-bucket", "partition": "reducer2/"}]

Where the mappers' outputs name a layout, as `"shuffle": "packed"`, each entry does.
"""

from typing import Any

from runtime.mapreduce import DEFAULT_LAYOUT, list_partitions

_ALIKE = {"bucket": None, "numReducer": None, "shuffle": DEFAULT_LAYOUT}
"""What all mappers must agree on, and what it is where a mapper doesn't say."""


def lambda_handler(event: Any, context: Any) -> list[dict[str, str]]:
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
        ways.setdefault(tuple(f"{name} {output.get(name, default)!r}" for name, default in _ALIKE.items()), number)
    if len(ways) > 1:
        (first, a), (second, b) = list(ways.items())[:2]
        raise ValueError(
            f"partition: mapper output {a} has {', '.join(first):.400}, and output {b} has {', '.join(second):.400}; "
            "all chunks of a run need one destination, one numReducer and one shuffle"
        )
    if not event:
        return []
    bucket, layout = event[0]["bucket"], event[0].get("shuffle", DEFAULT_LAYOUT)
    shuffle = {"shuffle": layout} if "shuffle" in event[0] else {}
    return [{"bucket": bucket, "partition": partition} | shuffle for partition in list_partitions(bucket, layout, len(event))]
