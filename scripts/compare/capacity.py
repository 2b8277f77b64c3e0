"""DynamoDB request units of a run of dynamodb_triggers, from the sizes of its items.

Neither functions nor client ask DynamoDB for the units that a request consumed. So they are worked out from the items that a run
leaves before it is removed, each as large as it is then, by the rules of
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html:

- a write costs a unit for each KB of the whole item: also an update of one attribute, a delete, a condition that does not hold;
- a strongly consistent read costs a unit for each 4 KB, and one unit where there is no item.

Exact for a run in which nothing ran twice, but for the sets of finished indexes: each addition counts at the set's final size.
Before an attempt is noted, the function looks whether the item that set it off is there, which is a read of the whole item.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.workflow import Workflow

Image = Mapping[str, Any]

_SETS = ("Finished", "Attempts")
"""Attributes that are added to, of items that nobody puts."""


def size(image: Image) -> int:
    """Bytes of an item as DynamoDB counts them: names, strings in UTF-8, a number's digits two to a byte and one byte."""
    return sum(len(name.encode()) + _value_size(value) for name, value in image.items())


def write_units(image: Image) -> int:
    """Of one write of the whole item."""
    return max(1, math.ceil(size(image) / 1024))


def read_units(image: Image) -> int:
    """Of one strongly consistent read."""
    return max(1, math.ceil(size(image) / 4096))


def units(
    workflow: Workflow, tables: Mapping[str, Iterable[Image]], by_functions: Mapping[str, int], by_client: Mapping[str, int]
) -> tuple[float, float]:
    """Write units and read units of a run.

    Args:
        workflow: that the run is one of.
        tables: the run's items by role of the table, before they are removed.
        by_functions: requests that functions made, by name.
        by_client: requests that the client made, its removal of the run included.
    """
    items = [(role, image) for role, images in tables.items() for image in images]
    if not items:
        return 0.0, 0.0
    outputs = {place.to_stage for place in workflow.steps if place.takes == "branch"}
    inputs = set(workflow.stages) - outputs - {workflow.first.from_stage}
    writes = sum(_writes(image) for _, image in items)
    # Put again, or in vain: each for at least a unit. What the client put is in the first stage; sets are made by updates.
    puts = sum(1 for role, image in items if role != workflow.first.from_stage and not _added_to(image))
    writes += max(0, by_functions.get("dynamodb.PutItem", 0) - puts)
    # The client also deletes the set of complete blocks, which only a fan-out of several blocks has.
    writes += 2 - sum(1 for _, image in items if str(image["Key"]["S"]).endswith("/finished"))
    # Every fan-in reads all return values of its branches, in batches. What is looked up singly is looked up in vain, but for
    # what sets a function off.
    values = [image for role, image in items if role in outputs and "Index" in image]
    reads = sum(map(read_units, values)) + by_functions.get("dynamodb.GetItem", 0)
    reads += sum(read_units(image) - 1 for role, image in items if role != "results" and "To" in image)
    fan_outs = [image for role, image in items if role in inputs and "Index" not in image and not _added_to(image)]
    reads += by_client.get("dynamodb.BatchGetItem", 0) + sum(read_units(image) - 1 for image in fan_outs)
    return float(writes), float(reads)


def _writes(image: Image) -> int:
    """Put, or additions to a set; and delete."""
    return (len(_added_to(image) or [image]) + 1) * write_units(image)


def _added_to(image: Image) -> list[str]:
    """What was added to the item's set, one by one."""
    return [added for name in _SETS for kind in image.get(name, {}).values() for added in kind]


def _value_size(value: Mapping[str, Any]) -> int:
    match value:
        case {"S": str(text)}:
            return len(text.encode())
        case {"N": str(number)}:
            return _number_size(number)
        case {"NS": [*numbers]}:
            return sum(map(_number_size, numbers))
        case {"SS": [*texts]}:
            return sum(len(text.encode()) for text in texts)
    raise ValueError(f"no size is known for {value!r:.100}")


def _number_size(number: str) -> int:
    digits = number.lstrip("-").replace(".", "").strip("0")
    return math.ceil(len(digits) / 2) + 1
