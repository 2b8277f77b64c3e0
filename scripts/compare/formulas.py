"""How many requests a run makes, as formulas; docs/costs.md says them in words, and a test holds them against real runs.

Each is a pair (least, most): the same number twice where it is exact, a bound where it depends on timing. They hold for a run in
which nothing fails and nothing runs twice, whose values are small (no claim checks), with at least one chunk and one word.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil

from runtime.mapreduce.objects.ranges import RANGE_PAIRS

Range = tuple[int, int]

PAGE = 1000
"""Keys of a listing's page."""

_CLIENT_RESULT_TRIES = 21


@dataclass(frozen=True)
class Shape:
    """What a run's requests depend on.

    Attributes:
        chunks: N, one mapper each.
        reducers: R, the reducer directories that hold something.
        words: W, emitted by all mappers together.
        shuffle: the layout; packed makes the same requests for any number of words.
        long_words: L, distinct words too long for a key; with objects, the reducer reads one object of each.
        values: V, objects only: pairs whose value is not 1, which are read, too.
        blocks: B, packed only: blocks that are not in the merged index, of all pairs of a mapper and a reducer.
        waits: how long, in seconds, the last mapper and the last reducer waited for the others; http_sync_s3 only.
        seconds: how long the client waited.
    """

    chunks: int
    reducers: int
    words: int
    shuffle: str = "objects"
    long_words: int = 0
    values: int = 0
    blocks: int = 0
    waits: tuple[float, float] = (0.0, 0.0)
    seconds: float = 0.0

    @property
    def stored(self) -> int:
        """How many objects the shuffle is."""
        of_mappers_and_partition = self.chunks + 1
        return of_mappers_and_partition if self.shuffle == "packed" else self.words + of_mappers_and_partition


def by_functions(orchestration: str, shape: Shape) -> dict[str, Range]:
    """What all functions of a run do together: requests by name, `invocations`, and `transitions` of a state machine."""
    return _FUNCTIONS[orchestration](shape)


def by_client(orchestration: str, shape: Shape) -> dict[str, Range]:
    """What the client does from claiming the run id to removing what the run left, without display of progress."""
    polls = client_polls(shape.seconds)
    n, r = shape.chunks, shape.reducers
    # Whether the run id was used; the shuffle's first page, and if that is full, all pages and one more that is found empty.
    pages = ceil(shape.stored / PAGE)
    lists = 1 + (1 if shape.stored < PAGE else 1 + pages + 1)
    returns = 4 if orchestration == "s3_triggers" else 1
    # run.json; the keeper's marker, but with sfn; and the chunks, where they are not the objects or items that start the run.
    puts = {"sfn": 1, "http_sync_s3": 3, "http_only": 3, "s3_triggers": n + 3, "dynamodb_triggers": 2}[orchestration]
    markers = 0 if orchestration == "sfn" else 1
    requests = {
        "s3.PutObject": exactly(puts),
        "s3.ListObjectsV2": exactly(lists + returns + markers),
        "s3.HeadObject": (1, 2 * polls),
        "s3.GetObject": exactly(1),
        # The shuffle, run.json, the marker, and at most four buckets of stages.
        "s3.DeleteObjects": (2 + markers, 5 + markers + pages),
    }
    match orchestration:
        case "sfn":
            requests |= {"states.StartExecution": exactly(1), "states.DescribeExecution": (0, 2 + int(shape.seconds * 2))}
        case "http_sync_s3" | "http_only":
            requests |= {"lambda.Invoke": exactly(1)}
        case "dynamodb_triggers":
            # Written, and deleted in all tables, with the attempts; bookkeeping and the result's item in five batches more.
            requests |= {
                "dynamodb.BatchWriteItem": exactly(4 * ceil(n / 25) + 3 * ceil(r / 25) + 5),
                "dynamodb.BatchGetItem": (3, 2 + _CLIENT_RESULT_TRIES),
            }
    return requests


def exactly(number: int) -> Range:
    """The range of one number."""
    return number, number


def polls(seconds: float) -> int:
    """Most listings that http_sync_s3's waiting branch makes in that time: pauses grow from 20 ms by 1.2 to 1 s."""
    return _steps(seconds, 0.02, lambda pause, _: min(pause * 1.2, 1.0))


def client_polls(seconds: float) -> int:
    """How often the client at most looks for the result in that time: pauses are a twentieth of the time, 20 ms to 1 s."""
    return _steps(seconds, 0.02, lambda _, waited: max(0.02, min(1.0, waited / 20)))


def _steps(seconds: float, pause: float, following: Callable[[float, float], float]) -> int:
    waited, number = 0.0, 1
    while waited < seconds:
        waited += pause
        pause = following(pause, waited)
        number += 1
    return number


def _listed_by_reducers(shape: Shape) -> Range:
    # A long listing is read in ranges, see `runtime.mapreduce.objects.ranges`.
    return shape.reducers, shape.reducers + shape.words // PAGE + shape.words // RANGE_PAIRS


def _sum(*ranges: Range) -> Range:
    return sum(low for low, _ in ranges), sum(high for _, high in ranges)


def _shuffle(shape: Shape) -> dict[str, Range]:
    """What every orchestration's components do, by the layout."""
    return _packed(shape) if shape.shuffle == "packed" else _objects(shape)


def _packed(shape: Shape) -> dict[str, Range]:
    """One object of each mapper, which partition reads, and its merged index, which each reducer reads its part of."""
    n, r = shape.chunks, shape.reducers
    return {"s3.PutObject": exactly(n + 1), "s3.GetObject": (n + r + shape.blocks, n + 2 * r + shape.blocks)}


def _objects(shape: Shape) -> dict[str, Range]:
    """Emit, list the directories, list the pairs; and the proof, from mappers to partition, and from there to reducers."""
    n, r = shape.chunks, shape.reducers
    return {
        "s3.PutObject": exactly(shape.words + n + 1),
        "s3.ListObjectsV2": _sum(exactly(1 + shape.reducers // PAGE), _listed_by_reducers(shape)),
        "s3.GetObject": exactly(shape.long_words + shape.values + n + r),
    }


def _with(shape: Shape, **more: Range) -> dict[str, Range]:
    total = _shuffle(shape)
    for name, number in more.items():
        key = name.replace("__", ".")
        total[key] = _sum(total.get(key, (0, 0)), number)
    return total


def _sfn(shape: Shape) -> dict[str, Range]:
    n, r = shape.chunks, shape.reducers
    return _with(
        shape,
        s3__PutObject=exactly(1),
        s3__ListObjectsV2=exactly(n + r + 2),
        invocations=exactly(n + r + 2),
        transitions=exactly(n + r + 4),
    )


def _http_sync_s3(shape: Shape) -> dict[str, Range]:
    n, r = shape.chunks, shape.reducers
    listed = [(1, polls(waited) * (1 + size // PAGE)) for waited, size in zip(shape.waits, (n, r), strict=True)]
    # All but the first and the last look for their own stored value, partition and summary read those of their branches.
    # Each lists how the run has ended; a waiting branch does so once a second again.
    checks = sum(int(waited) for waited in shape.waits)
    return _with(
        shape,
        s3__PutObject=exactly(n + 1 + r + 1),
        s3__GetObject=exactly(2 * n + 2 * r + 1),
        s3__ListObjectsV2=_sum(*listed, (n + r + 3, n + r + 3 + checks)),
        lambda__Invoke=exactly(n + r + 2),
        invocations=exactly(n + r + 3),
    )


def _http_only(shape: Shape) -> dict[str, Range]:
    n, r = shape.chunks, shape.reducers
    return _with(
        shape,
        s3__PutObject=exactly(1),
        s3__ListObjectsV2=exactly(n + r + 3),
        lambda__Invoke=exactly(n + r + 2),
        invocations=exactly(n + r + 3),
    )


def _s3_triggers(shape: Shape) -> dict[str, Range]:
    n, r = shape.chunks, shape.reducers
    # Claimants of the two locks: at least one each, at most all that were invoked. Each puts the lock, all but one read it back.
    fewest, most = 2, n + r
    return _with(
        shape,
        s3__PutObject=(2 * n + 3 * r + 2 + fewest, 2 * n + 3 * r + 2 + most),
        s3__GetObject=(6 * n + 6 * r - 3 + fewest, 6 * n + 6 * r - 3 + most),
        s3__ListObjectsV2=_sum((n + r, n * (1 + (n + 2) // PAGE) + r * (1 + (r + 2) // PAGE)), (n + r + 2, n + r + 2)),
        invocations=exactly(2 * n + 2 * r),
    )


def _dynamodb_triggers(shape: Shape) -> dict[str, Range]:
    n, r = shape.chunks, shape.reducers
    # A set has 500 indexes; of several sets, each that is complete is added to one more.
    sets = sum(ceil(size / 500) for size in (n, r) if size > 500)
    return _with(
        shape,
        s3__PutObject=exactly(1),
        s3__ListObjectsV2=exactly(n + r + 2),
        dynamodb__UpdateItem=exactly(2 * n + 2 * r + 2 + sets),
        dynamodb__GetItem=exactly(2 * n + 2 * r + 3),
        dynamodb__PutItem=exactly(n + 2 * r + 4),
        dynamodb__BatchGetItem=exactly(ceil(n / 100) + ceil(r / 100)),
        invocations=exactly(n + r + 2),
    )


_FUNCTIONS: Mapping[str, Callable[[Shape], dict[str, Range]]] = {
    "sfn": _sfn,
    "http_sync_s3": _http_sync_s3,
    "http_only": _http_only,
    "s3_triggers": _s3_triggers,
    "dynamodb_triggers": _dynamodb_triggers,
}
