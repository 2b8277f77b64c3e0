"""summary: joins the reducers' results into one.

Event::

    [{"be": 2, "to": 2}, {"or": 1, "not": 1}]

Result: their union::

    {"be": 2, "to": 2, "or": 1, "not": 1}
"""

from typing import Any


def lambda_handler(event: Any, context: Any) -> dict[str, Any]:
    """Return the union of all dicts; an empty array gives an empty dict.

    Raises:
        ValueError: the event is no array of dicts, or a word stands in two of them. A word belongs to one partition
            only, so a second value means that the reducers' inputs overlapped and either value would be wrong.
    """
    if not isinstance(event, list):
        raise ValueError(f"summary takes an array of reducer outputs; got {type(event).__name__}")
    union: dict[str, Any] = {}
    for number, counts in enumerate(event, 1):
        if not isinstance(counts, dict):
            raise ValueError(f"summary: reducer output {number} is not an object: {counts!r:.200}")
        if twice := union.keys() & counts.keys():
            raise ValueError(f"summary: {min(twice)!r} is in reducer output {number} and in an earlier one")
        union.update(counts)
    return union
