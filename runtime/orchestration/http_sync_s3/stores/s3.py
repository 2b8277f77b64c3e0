"""Return values as objects `{run}/{function}/{index}.json`. The branch whose index equals the size polls their directory."""

from typing import Any

from runtime.orchestration.http_sync_s3.fan_in import Branch, Waited, wait
from runtime.orchestration.http_sync_s3.stores import ReturnStore
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import Returns, return_key


def make(settings: Settings, run_id: str) -> ReturnStore:
    """Open a run's store."""
    return S3Store(Returns(settings.returns_bucket, run_id))


class S3Store(ReturnStore):
    """Keep return values as objects; the last branch by index lists their directory until all are there."""

    source = "s3"

    def create_or_read(self, function: str, index: int, value: Any) -> Any:
        """Store an object unless there is one, and return what is stored."""
        return self._objects.create_or_read(return_key(function, index), value)

    def find(self, function: str, index: int) -> Found | None:
        """Read an object."""
        return self._objects.find(return_key(function, index))

    def values(self, function: str, size: int) -> list[Any]:
        """Read many objects at once."""
        return self._objects.values(function, size)

    def fan_in(self, branch: Branch) -> Waited | None:
        """Poll, if this is the last branch by index."""
        if branch.index != branch.size:
            return None
        return wait(branch, lambda: self._objects.indexes(branch.function))
