"""The contract of an orchestration's client side, and what they share."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from runtime.concurrency import at_once
from runtime.encoding import encode
from scripts.client.aws.clients import Aws, Service
from scripts.client.aws.removal import remove_below
from scripts.client.deployment import Deployment
from scripts.client.errors import StartError


@dataclass(frozen=True)
class Progress:
    """How far a run is, as far as that is known.

    Attributes:
        returned: how many invocations of a function have returned, by its name.
        sizes: how many branches a fan-out has, by its branches' function.
    """

    returned: Mapping[str, int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What the platform itself says of a run that has ended: "succeeded", or how it failed and why."""

    status: str
    error: str | None = None
    cause: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the run ended well."""
        return self.status == "SUCCEEDED"


class Orchestration(ABC):
    """One run under one orchestration.

    A run is given elements: one for each branch of the fan-out with which its workflow begins, else one for its first function.
    """

    service: ClassVar[Service | None]
    """The service that starts it; None for S3 itself."""

    has_keeper: ClassVar[bool] = True
    """Whether a sweep looks for runs that are overdue, since no orchestrator would notice that an event got lost."""

    starts_piecemeal: ClassVar[bool] = False
    """Whether a run begins with the first of many writes. One whose start was cut off never ends, and is taken back."""

    pauses: ClassVar[tuple[int, ...]] = (60, 120)
    """Seconds between the attempts at a function; these are those of Lambda's own queue."""

    entry_waits: ClassVar[bool] = False
    """Whether the entry waits for all the rest of a run, so that its time limit bounds that."""

    longest_seconds: ClassVar[int] = 900
    """The longest time limit that a function may be deployed with; see the variable timeout_seconds."""

    kept_seconds: ClassVar[int | None] = None
    """For how long an element waits for its branch, before it is lost; None where nothing is lost."""

    def __init__(self, aws: Aws, run_id: str) -> None:
        self.aws, self.run_id, self.workflow = aws, run_id, aws.deployment.workflow

    @classmethod
    def last_branch_waits(cls, deployment: Deployment) -> bool:
        """Whether one branch of each fan-out waits for the others, and holds a place of the account's meanwhile."""
        return False

    @classmethod
    def crowding(cls, deployment: Deployment, sizes: Mapping[str, int], limit: int) -> str | None:
        """What to know, and to do, of a run that needs more than the `limit` of functions that the account runs at once.

        `sizes` has the most branches that run at once of each fan-out, by their function. None: there is nothing to know, since
        events wait in a queue or a stream, and nobody waits for them.
        """
        return None

    @property
    def buckets(self) -> tuple[str, ...]:
        """Roles of the buckets, beside shuffle and results, where objects of a run lie below `{run}/`."""
        return ("returns",)

    @property
    def tables(self) -> tuple[str, ...]:
        """Roles of the tables that hold items of a run."""
        return ()

    def sizes(self, size: int | None) -> dict[str, int]:
        """What is known of the fan-outs' sizes from the beginning: that of the first, if the run's input is what it is over."""
        return {} if size is None or not self.workflow.begins_with_fan_out else {self.workflow.first.name: size}

    def check(self, elements: Sequence[Any]) -> None:
        """Before anything is written: can a run of these elements be started here?

        Raises:
            UsageError: it can't; says what can.
            ClientError: the deployment lacks a bucket or table.
        """
        for role in self.buckets:
            self.aws.deployment.bucket(role)
        for name in self.tables:
            self.aws.deployment.table(name)

    @abstractmethod
    def start(self, elements: Sequence[Any], *, attended: bool) -> None:
        """Start the run; `attended` if this client stays until its end. Whatever it writes, `remove` removes.

        Raises:
            StartError, StorageError: it could not be started.
        """

    @abstractmethod
    def progress(self, size: int | None) -> Progress:
        """How far the run is; `size` is the number of its elements, if known. May fail with anything."""

    def verdict(self) -> Verdict | None:
        """The platform's word on the run if it has ended, None while it runs or if the platform keeps no such record."""
        return None

    def cancel(self) -> None:  # noqa: B027  (most platforms run nothing of their own that would have to be stopped)
        """Stop what the platform itself runs of this run. The failure is recorded already, which stops its functions.

        Raises:
            StartError, StorageError: the platform could not be told.
        """

    @abstractmethod
    def resume(self, size: int, *, attended: bool) -> list[str]:
        """Go on with a run that failed, from what it has stored; its failed.json is deleted already.

        Returns:
            What is run again: a branch such as `square 3`, or a function.

        Raises:
            UsageError: there is not enough left of the run to go on.
            StartError, StorageError: it could not be started again; nothing but what is named there was.
        """

    def remove(self, size: int | None) -> None:
        """Delete all that a run left between its functions, and what `start` wrote; `size` as for `progress`.

        Raises:
            StorageError: some could not be deleted.
        """
        at_once([partial(remove_below, self.aws.store(role), f"{self.run_id}/") for role in self.buckets], len(self.buckets))


def size(value: Any) -> int:
    """Bytes of a value as JSON, however it is escaped on its way: never less than what any carrier counts."""
    return max(len(json.dumps(value, separators=(",", ":"))), len(encode(value)))


def least_size(value: Any) -> int:
    """Bytes that a value has at least as JSON, by its longest text, without encoding it."""
    match value:
        case {"pieces": [*pieces]}:
            return sum(map(least_size, pieces))
        case dict():
            return max((len(text) for text in value.values() if isinstance(text, str)), default=0)
        case str():
            return len(value)
    return 0


@contextmanager
def starting(what: str) -> Iterator[None]:
    """Translate boto3's errors around the one call that starts a run, telling those after which it may run all the same."""
    try:
        yield
    except Exception as error:
        from botocore.exceptions import BotoCoreError, HTTPClientError
        from botocore.exceptions import ClientError as RefusedError

        match error:
            case RefusedError():
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
                raise StartError(f"{what} was refused: {error}", certain=400 <= status < 500) from error
            case HTTPClientError():
                raise StartError(f"{what} got no answer: {error}", certain=False) from error
            case BotoCoreError():
                raise StartError(f"{what} failed: {error}", certain=True) from error
        raise
