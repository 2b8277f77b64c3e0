"""Return-value stores of http_sync_s3: where the values of a fan-out wait, and how it is known that all of them are in.

    s3         one object each; the last branch by index lists the directory until it is complete
    dynamodb   one item each, and a set of the indexes that have returned; the write that completes the set tells its writer
    redis      one key each, and such a set; the last branch by index sleeps in a blocking read until the set is complete

Chosen by RETURN_STORE; only the chosen module is imported. Claim checks, and values too large for an item, are objects in the
returns bucket with every store.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from runtime.orchestration.http_sync_s3.fan_in import Branch, Waited
from runtime.orchestration.settings import Settings
from runtime.orchestration.values.json_objects import Found
from runtime.orchestration.values.returns import Returns
from runtime.orchestration.workflow.envelope import Datum

RETURN_STORES = ("s3", "dynamodb", "redis")
"""What can be chosen. Each has a module here under the same name, with a function `make(settings, run_id)`."""


class ReturnStore(ABC):
    """One run's return values. Values are JSON; an index counts from 1, and is 1 outside a fan-out."""

    source: ClassVar[str]
    """The `Source` of an envelope's pointer to a fan-out's return values."""

    def __init__(self, objects: Returns) -> None:
        self._objects = objects

    @abstractmethod
    def create_or_read(self, function: str, index: int, value: Any) -> Any:
        """Store a return value unless there is one; return what is stored: the first writer wins. Raises StorageError."""

    @abstractmethod
    def find(self, function: str, index: int) -> Found | None:
        """A return value, or None if there is none. Raises StorageError."""

    @abstractmethod
    def values(self, function: str, size: int) -> list[Any]:
        """The return values 1 to `size`, in order. Raises StorageError, also when one isn't there."""

    @abstractmethod
    def fan_in(self, branch: Branch) -> Waited | None:
        """Return how this branch's waiting ended, or None if another branch decides whether to continue.

        Called after the branch's value was stored, once for each time that the branch runs. At least one branch gets COMPLETE
        once all values are in, however often each runs and wherever it is killed: its retry calls again.

        Raises:
            StorageError: a request finally failed.
        """

    def resolve(self, data: Datum | list[Datum]) -> Any:
        """The value that an envelope stands for: claim checks are taken out, fan-ins become arrays ordered by index.

        Raises:
            StorageError: a read finally failed, or a value that must be there isn't.
        """
        return self._objects.resolve(data, self.values)


def load(settings: Settings) -> Callable[[str], ReturnStore]:
    """Return what opens the chosen store for a run id. Raises ValueError: there is no such store."""
    if settings.return_store not in RETURN_STORES:
        raise ValueError(f"RETURN_STORE is {settings.return_store!r}; it must be one of: {', '.join(RETURN_STORES)}")
    module = importlib.import_module(f"{__name__}.{settings.return_store}")
    return partial(module.make, settings)
