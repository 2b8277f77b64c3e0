"""summary: joins the reducers' results into one.

Event::

    [{"be": 2, "to": 2}, {"or": 1, "not": 1}]

Result: their union::

    {"be": 2, "to": 2, "or": 1, "not": 1}

Where the reducers have written their words to S3, each returns a list, see `runtime.mapreduce.parts`. Then a manifest is written,
and the result is one list of all that was written, see `runtime.mapreduce.manifest`.
"""

from typing import Any


def lambda_handler(event: Any, context: Any) -> dict[str, Any] | list[dict[str, Any]]:
    """Return the union of all dicts, an empty array gives an empty dict; or all records of parts.

    Raises:
        ValueError: the event is no array of dicts, or a word stands in two of them. A word belongs to one partition
            only, so a second value means that the reducers' inputs overlapped and either value would be wrong.
        OutputError, StorageError: see `runtime.mapreduce.manifest.finish_output`.
    """
    if not isinstance(event, list):
        raise ValueError(f"summary takes an array of reducer outputs; got {type(event).__name__}")
    if event and isinstance(event[0], list):
        from runtime.mapreduce.manifest import finish_output

        return finish_output(event)
    union: dict[str, Any] = {}
    for number, counts in enumerate(event, 1):
        if not isinstance(counts, dict):
            raise ValueError(f"summary: reducer output {number} is not an object: {counts!r:.200}")
        if twice := union.keys() & counts.keys():
            raise ValueError(f"summary: {min(twice)!r} is in reducer output {number} and in an earlier one")
        union.update(counts)
    return union
