"""Return values as items of one table, `{prefix}-{orchestration}-returns`, whose keys begin with run and function.

    {run}/{function}/{index}             {"Run": "{run}/{function}", "Value" or "Pointer", "Expires"}
    {run}/{function}/finished/{block}    {"Finished": {1, 2, ...}}: which indexes of a block of 500 have returned
    {run}/{function}/finished            {"Finished": {0, 1, ...}}: which blocks are complete

See `table` for the items. Nobody waits: adding an index to its set shows the set, so the branch that completes it learns of it by
its own write and continues at once. One that runs again later finds the set complete, too, and continues again. That does no
harm, since the fan-in function then finds its own value stored. Lambda repeats a branch that was killed between the two sets.
A run that lacks a branch for good never completes; its failed.json tells.
"""

from typing import Any

from runtime.encoding import encode
from runtime.orchestration.http_sync_s3.fan_in import Branch, Outcome, Waited
from runtime.orchestration.http_sync_s3.stores import ReturnStore
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import Returns, return_key
from runtime.orchestration.values.table import Table
from runtime.ports import ports


def make(settings: Settings, run_id: str) -> ReturnStore:
    """Open a run's store. Raises KeyError: there is no table for return values."""
    return DynamoDBStore(settings.tables["returns"], run_id, Returns(settings.returns_bucket, run_id))


class DynamoDBStore(ReturnStore):
    """Keep return values as items; the branch whose write completes the set of indexes continues."""

    source = "dynamodb"

    def __init__(self, table: str, run_id: str, objects: Returns) -> None:
        super().__init__(objects)
        self._name, self._run_id = table, run_id

    def create_or_read(self, function: str, index: int, value: Any) -> Any:
        """Store an item unless there is one; a value too large for an item is an object, which the first writer made."""
        key = return_key(function, index)
        if len(encode(value)) > ports().limits.item_bytes:
            value = self._objects.create_or_read(key, value)
        return self._table(function).create_or_read(str(index), key, value)

    def find(self, function: str, index: int) -> Found | None:
        """Read an item consistently."""
        return self._table(function).find(str(index))

    def values(self, function: str, size: int) -> list[Any]:
        """Read a hundred items with each request."""
        return self._table(function).values(size)

    def fan_in(self, branch: Branch) -> Waited | None:
        """Add the index; whoever sees the set complete continues."""
        complete = self._table(branch.function).finish(branch.index, branch.size)
        return Waited(Outcome.COMPLETE, frozenset(), polls=0) if complete else None

    def _table(self, function: str) -> Table:
        return Table(self._name, f"{self._run_id}/{function}", self._objects)
