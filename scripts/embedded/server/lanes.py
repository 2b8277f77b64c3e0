"""How Lambda turns a stream shard into batches: in lanes, each of them in order, and what becomes of a failed batch.

A mapping's ParallelizationFactor is the number of its lanes. A record goes to the lane that its item's key hashes to, so
that the records of one item stay in order; a lane has one batch in flight. A batch that failed goes again before
anything behind it in its lane, later each time, while the other lanes go on.

    record ──hash of its keys──▶ lane: again (batches that failed), fresh (records) ──▶ one batch in flight

Knows nothing of ministack; used by one thread at a time.
"""

import json
import math
import zlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

BATCH_BYTES = 6_291_456
RETENTION_SECONDS = 86_400
FIRST_RETRY_SECONDS = 0.2
LONGEST_RETRY_SECONDS = 5.0

_DEFAULTS = {
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRetryAttempts": -1,
    "MaximumRecordAgeInSeconds": -1,
    "BisectBatchOnFunctionError": False,
    "ParallelizationFactor": 1,
}

Record = dict[str, Any]


def with_defaults(mapping: dict[str, Any]) -> dict[str, Any]:
    """A DynamoDB mapping with the settings that it leaves out."""
    return {**_DEFAULTS, **{name: value for name, value in mapping.items() if value is not None}}


@dataclass(frozen=True)
class Settings:
    """What a mapping says about batches and retries."""

    size: int
    window_seconds: float
    retries: float
    oldest_seconds: float
    bisect: bool
    report_failures: bool
    factor: int

    @classmethod
    def of(cls, mapping: dict[str, Any]) -> "Settings":
        """From the fields of an event source mapping. -1 means as long as the stream keeps the record: a day."""
        mapping = with_defaults(mapping)
        retries, oldest = int(mapping["MaximumRetryAttempts"]), int(mapping["MaximumRecordAgeInSeconds"])
        return cls(
            size=int(mapping["BatchSize"]),
            window_seconds=float(mapping["MaximumBatchingWindowInSeconds"]),
            retries=math.inf if retries < 0 else retries,
            oldest_seconds=RETENTION_SECONDS if oldest < 0 else min(oldest, RETENTION_SECONDS),
            bisect=bool(mapping["BisectBatchOnFunctionError"]),
            report_failures="ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ()),
            factor=int(mapping["ParallelizationFactor"]),
        )


@dataclass
class Batch:
    """Records that are invoked with together; `failures` count against the retries, `invocations` all that happened."""

    records: list[Record]
    failures: int = 0
    invocations: int = 0
    request_id: str = ""
    function_error: str | None = None

    def part(self, records: list[Record]) -> "Batch":
        """The same history, for some of the records."""
        return Batch(records, self.failures, self.invocations, self.request_id, self.function_error)


@dataclass(frozen=True)
class Discard:
    """A batch that is not delivered any more, and AWS's word for the reason."""

    batch: Batch
    condition: str


@dataclass(eq=False)
class Lane:
    """The records of some of the items, in order."""

    fresh: deque[tuple[float, Record]] = field(default_factory=deque)
    again: deque[Batch] = field(default_factory=deque)
    busy: bool = False
    due: float = 0.0
    """When a batch of `again` may go, on the clock that `now` is on."""
    setbacks: int = 0

    def wait(self, settings: Settings, now: float) -> float:
        """Seconds until there is a batch to begin; infinite when only an end or a new record can bring one."""
        if self.busy or not (self.again or self.fresh):
            return math.inf
        if self.again:
            return max(0.0, self.due - now)
        if len(self.fresh) >= settings.size:
            return 0.0
        return max(0.0, self.fresh[0][0] + settings.window_seconds - now)

    def begin(self, settings: Settings, time: float) -> tuple[Batch | None, Discard | None]:
        """The next batch, and what got too old meanwhile; `time` is the time of day, as in the records."""
        batch = self.again.popleft() if self.again else Batch(self._take(settings.size))
        old = [record for record in batch.records if time - created(record) > settings.oldest_seconds]
        young = batch.records[len(old) :]  # in order of time
        discard = Discard(batch.part(batch.records[: len(old)]), "RecordAgeExceeded") if old else None
        self.busy = bool(young)
        if not young:
            self.setbacks = 0
        return (batch.part(young) if young else None), discard

    def _take(self, size: int) -> list[Record]:
        records: list[Record] = []
        room = BATCH_BYTES
        while self.fresh and len(records) < size:
            room -= len(json.dumps(self.fresh[0][1]).encode()) + 2
            if records and room < 0:
                break
            records.append(self.fresh.popleft()[1])
        return records

    def throttled(self, batch: Batch, now: float) -> None:
        """The function was not reached: the batch goes again, and that does not count as one of its retries."""
        self._again(now, batch)

    def ended(self, batch: Batch, first_failed: int | None, settings: Settings, now: float) -> Discard | None:
        """After an invocation; `first_failed` is None for success. The records before it are done with.

        With bisection a failed batch is split, at its middle or at the first failed record, and that does not count.
        """
        self.busy = False
        if first_failed is None:
            self.setbacks = 0
            return None
        rest = batch.records[first_failed:]
        if settings.bisect and first_failed:
            self._again(now, batch.part(rest))
        elif settings.bisect and len(rest) > 1:
            middle = len(rest) // 2
            self._again(now, batch.part(rest[:middle]), batch.part(rest[middle:]))
        elif batch.failures >= settings.retries:
            self.setbacks = 0
            return Discard(batch.part(rest), "RetryAttemptsExhausted")
        else:
            batch.failures += 1
            self._again(now, batch.part(rest))
        return None

    def _again(self, now: float, *batches: Batch) -> None:
        self.busy = False
        self.again.extendleft(reversed(batches))
        self.due = now + min(FIRST_RETRY_SECONDS * 2 ** min(self.setbacks, 10), LONGEST_RETRY_SECONDS)
        self.setbacks += 1


def lane_of(record: Record, factor: int) -> int:
    """The same lane for all records of one item."""
    return zlib.crc32(json.dumps(record["dynamodb"]["Keys"], sort_keys=True).encode()) % factor


def reshaped(lanes: Iterable[Lane], factor: int, now: float) -> list[Lane]:
    """All that idle `lanes` hold, in `factor` new ones. Counts of failures begin anew."""
    records = [record for lane in lanes for batch in lane.again for record in batch.records]
    records += [record for lane in lanes for _when, record in lane.fresh]
    made = [Lane() for _ in range(factor)]
    for record in sorted(records, key=lambda one: str(one["dynamodb"]["SequenceNumber"])):
        made[lane_of(record, factor)].fresh.append((now, record))
    return made


def first_failure(records: list[Record], response: Any) -> int | None:
    """Where the batch has to begin again, after what a function with ReportBatchItemFailures returned.

    As AWS: null, {} and an empty or null list mean success; the lowest sequence number named is where to go on; an empty,
    null or misnamed itemIdentifier means that all failed. So does here whatever else cannot be read (AWS does not say),
    a number which is not in the batch included: nothing may be dropped because a function answered nonsense.
    """
    if response is None or response == {}:
        return None
    failures = response.get("batchItemFailures") if isinstance(response, dict) else [response]
    if failures is None or failures == []:
        return None
    if not isinstance(failures, list):
        return 0
    places = {record["dynamodb"]["SequenceNumber"]: place for place, record in enumerate(records)}
    named = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in failures]
    return min(places.get(name, 0) if isinstance(name, str) else 0 for name in named)


def created(record: Record) -> float:
    """When the item was written, in seconds since 1970."""
    return float(record["dynamodb"]["ApproximateCreationDateTime"])
