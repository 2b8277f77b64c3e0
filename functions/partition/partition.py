"""partition: lists the reducer directories that the mappers filled.

The mappers partition: `emit` chooses the directory. What is left to do here is to say which directories exist.

Event: the return values of all mappers::

    [{"bucket": "my-bucket", "numReducer": 3}, {"bucket": "my-bucket", "numReducer": 3}]

Result, in the order of the reducers' numbers::

    [{"bucket": "my-bucket", "partition": "reducer0/"}, {"bucket": "my-bucket", "partition": "reducer2/"}]
"""

from typing import Any

from runtime.mapreduce import list_partitions


def lambda_handler(event: Any, context: Any) -> list[dict[str, str]]:
    """List one entry for each reducer directory that holds something; an empty array gives an empty array.

    Raises:
        ValueError: the event is no array of mapper outputs, or the mappers disagree on where or how they partitioned:
            a word would then be in two partitions, and no union of the reducers' results could be right.
    """
    if not isinstance(event, list):
        raise ValueError(f"partition takes an array of mapper outputs; got {type(event).__name__}")
    ways: dict[tuple[Any, Any], int] = {}
    for number, output in enumerate(event, 1):
        if not isinstance(output, dict) or not isinstance(output.get("bucket"), str) or type(output.get("numReducer")) is not int:
            raise ValueError(f'partition: mapper output {number} is not {{"bucket", "numReducer"}}: {output!r:.200}')
        ways.setdefault((output["bucket"], output["numReducer"]), number)
    if len(ways) > 1:
        (first, a), (second, b) = list(ways.items())[:2]
        raise ValueError(
            f"partition: mapper output {a} has bucket {first[0]!r} and numReducer {first[1]!r}, but output {b} has "
            f"{second[0]!r} and {second[1]!r}; all chunks of a run need one destination and one numReducer"
        )
    return [{"bucket": bucket, "partition": partition} for bucket, _ in ways for partition in list_partitions(bucket)]
