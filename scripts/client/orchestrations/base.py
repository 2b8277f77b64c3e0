"""The contract of an orchestration's client side, and what they share."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, NotRequired, TypedDict

from runtime.encoding import encode
from scripts.client.aws.clients import Aws, Role, Service
from scripts.client.aws.concurrency import at_once
from scripts.client.aws.removal import remove_below
from scripts.client.errors import StartError


class Chunk(TypedDict):
    """What one mapper is given."""

    text: str
    destination: str
    numReducer: NotRequired[int]
    shuffle: NotRequired[str]


@dataclass(frozen=True)
class Progress:
    """How many mappers and reducers have ended; None where that is unknown."""

    mapped: int | None = None
    reduced: int | None = None
    reducers: int | None = None


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
    """One run under one orchestration."""

    service: ClassVar[Service | None]
    """The service that starts it; None for S3 itself."""

    buckets: ClassVar[tuple[Role, ...]] = ("returns",)
    """Beside shuffle and results: where objects of a run lie below `{run}/`, in the order of the flow."""

    tables: ClassVar[tuple[str, ...]] = ()
    """Roles of the tables that hold items of a run, in the order of the flow."""

    has_keeper: ClassVar[bool] = True
    """Whether a sweep looks for runs that are overdue, since no orchestrator would notice that an event got lost."""

    starts_piecemeal: ClassVar[bool] = False
    """Whether a run begins with the first of many writes. One whose start was cut off never ends, and is taken back."""

    def __init__(self, aws: Aws, run_id: str) -> None:
        self.aws, self.run_id = aws, run_id

    def check(self, chunks: Sequence[Chunk]) -> None:
        """Before anything is written: can a run of these chunks be started here?

        Raises:
            UsageError: it can't; says what can.
            ClientError: the deployment lacks a bucket or table.
        """
        for role in self.buckets:
            self.aws.deployment.bucket(role)
        for name in self.tables:
            self.aws.deployment.table(name)

    @abstractmethod
    def start(self, chunks: Sequence[Chunk], *, attended: bool) -> None:
        """Start the run; `attended` if this client stays until its end. Whatever it writes, `remove` removes.

        Raises:
            StartError, StorageError: it could not be started.
        """

    @abstractmethod
    def progress(self, mappers: int | None) -> Progress:
        """How far the run is; `mappers` is the number of its chunks, if known. May fail with anything."""

    def verdict(self) -> Verdict | None:
        """The platform's word on the run if it has ended, None while it runs or if the platform keeps no such record."""
        return None

    def cancel(self) -> None:  # noqa: B027  (most platforms run nothing of their own that would have to be stopped)
        """Stop what the platform itself runs of this run. The failure is recorded already, which stops its functions.

        Raises:
            StartError, StorageError: the platform could not be told.
        """

    @abstractmethod
    def resume(self, mappers: int, *, attended: bool) -> list[str]:
        """Go on with a run that failed, from what it has stored; its failed.json is deleted already.

        Returns:
            What is run again, such as `["mapper 3"]` or `["summary"]`.

        Raises:
            UsageError: there is not enough left of the run to go on.
            StartError, StorageError: it could not be started again; nothing but what is named there was.
        """

    def remove(self, mappers: int | None) -> None:
        """Delete all that a run left between its functions, and what `start` wrote; `mappers` as for `progress`.

        Raises:
            StorageError: some could not be deleted.
        """
        at_once([partial(remove_below, self.aws.store(role), f"{self.run_id}/") for role in self.buckets], len(self.buckets))


def encoded(chunk: Chunk) -> bytes:
    """A chunk as JSON. Python writes a text that is ASCII in half the time if it may escape all else."""
    return json.dumps(chunk, separators=(",", ":")).encode() if chunk["text"].isascii() else encode(chunk)


def size(value: Any) -> int:
    """Bytes of a value as JSON, however it is escaped on its way: never less than what any carrier counts."""
    return max(len(json.dumps(value, separators=(",", ":"))), len(encode(value)))


@contextmanager
def starting(what: str) -> Iterator[None]:
    """Translate boto3's errors around the one call that starts a run, telling those after which it may run all the same."""
    try:
        yield
    except Exception as error:
        translated = _translated(what, error)
        if translated is None:
            raise
        raise translated from error


def _translated(what: str, error: Exception) -> StartError | None:
    from botocore.exceptions import BotoCoreError, ConnectTimeoutError, EndpointConnectionError, HTTPClientError
    from botocore.exceptions import ClientError as RefusedError

    match error:
        case RefusedError():
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return StartError(f"{what} was refused: {error}", certain=400 <= status < 500)
        case EndpointConnectionError() | ConnectTimeoutError():
            return StartError(f"{what} failed: {error}", certain=True)
        case HTTPClientError():
            return StartError(f"{what} got no answer: {error}", certain=False)
        case BotoCoreError():
            return StartError(f"{what} failed: {error}", certain=True)
    return None
