"""unum_map: the entry of a fan-out. It computes nothing; the array that comes in goes out.

Event, either the array itself or the whole input document around it::

    [{"text": "to be or", "destination": "my-bucket"}, {"text": "not to be", "destination": "my-bucket"}]
    {"data": [{"text": "to be or", "destination": "my-bucket"}]}

Result: the array. Its length is the size of the fan-out.
"""

from typing import Any


def lambda_handler(event: Any, context: Any) -> list[Any]:
    """Return the array to fan out over. Raises ValueError: the event is neither an array nor an object whose `data` is one."""
    data = event.get("data") if isinstance(event, dict) else event
    if not isinstance(data, list):
        raise ValueError(f'unum_map takes an array, or an object with an array as "data"; got {type(event).__name__}')
    return data
