"""One stage of a run in a bucket that triggers a function: the objects between a fan-out or fan-in and what it starts.

    {run}/{index}.json   a value; its creation triggers the bucket's function. Index 0 stands for a fan-out of nothing:
                         there is no value, but the fan-in must be triggered all the same
    {run}/.unum_map      {"Size": 6}: how many values a fan-out has; written before them
    {run}/.sync          {"Size": 6}: the same, carried on to where the branches return; written before each of their values
    {run}/.lock          which invocation does the fan-in, see `lock`

Every object is created only if absent: the first writer wins, and a repetition changes and triggers nothing. Only names that
end in `.json` trigger, so bookkeeping never does. Removed by the client with the run, or expired by lifecycle.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from runtime.concurrency import at_once
from runtime.orchestration.values.json_objects import JsonObjects
from runtime.orchestration.workflow.envelope import RUN_ID, EnvelopeError

NOTHING = 0
FAN_OUT, FAN_IN, LOCK = ".unum_map", ".sync", ".lock"
_KEY = re.compile(rf"({RUN_ID.pattern})/(0|[1-9][0-9]*)\.json")


class Stage(JsonObjects):
    """A run's part of a stage's bucket."""

    def values(self, size: int) -> list[Any]:
        """The values 1 to `size`, in order. Raises StorageError, also when one isn't there."""
        return self.must_find_all(value_name(index) for index in range(1, size + 1))

    def create_all(self, values: Mapping[str, Any]) -> None:
        """Store many values at once, each unless there is one. Raises StorageError."""
        at_once([partial(self.create_or_read, name, value) for name, value in values.items()])

    def indexes(self) -> set[int]:
        """Which values are there, 0 among them for a fan-out of nothing. Raises StorageError."""
        return self.numbers()


def value_name(index: int) -> str:
    """Name of a value within its run."""
    return f"{index}.json"


def parse_key(key: str) -> tuple[str, int]:
    """Run id and index of a value's key. Raises EnvelopeError: it is not one."""
    match = _KEY.fullmatch(key)
    if not match:
        raise EnvelopeError(f"not the key of a value, {{run}}/{{index}}.json: {key!r:.200}")
    return match[1], int(match[2])
