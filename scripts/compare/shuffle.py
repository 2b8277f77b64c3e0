"""What the shuffle asks of S3: those of the first fan-out emit, who gathers them lists, those of the second read."""

from runtime.limits import LIMITS
from scripts.client.orchestrations.shape import PAGE, Pairs, Range, Shape, exactly


def objects(shape: Shape) -> int:
    """How many objects the shuffle is."""
    pairs, mappers, _ = _parts(shape)
    of_mappers_and_partition = mappers + 1
    return of_mappers_and_partition if pairs.layout == "packed" else pairs.words + of_mappers_and_partition


def by_functions(shape: Shape) -> dict[str, Range]:
    """What every orchestration's components do, by the layout."""
    pairs, mappers, reducers = _parts(shape)
    return _packed(pairs, mappers, reducers) if pairs.layout == "packed" else _objects(pairs, mappers, reducers)


def _parts(shape: Shape) -> tuple[Pairs, int, int]:
    assert shape.pairs is not None  # noqa: S101  (whoever asks has looked)
    mappers, reducers = shape.sizes
    return shape.pairs, mappers, reducers


def _packed(pairs: Pairs, n: int, r: int) -> dict[str, Range]:
    """One object of each mapper, which partition reads, and its merged index, which each reducer reads its part of."""
    return {"s3.PutObject": exactly(n + 1), "s3.GetObject": (n + r + pairs.blocks, n + 2 * r + pairs.blocks)}


def _objects(pairs: Pairs, n: int, r: int) -> dict[str, Range]:
    """Emit, list the directories, list the pairs; and the proof, from mappers to partition, and from there to reducers."""
    directories = 1 + r // PAGE
    # A long listing is read in ranges, see `runtime.mapreduce.objects.ranges`.
    return {
        "s3.PutObject": exactly(pairs.words + n + 1),
        "s3.ListObjectsV2": (directories + r, directories + r + pairs.words // PAGE + pairs.words // LIMITS.range_pairs),
        "s3.GetObject": exactly(pairs.long_words + pairs.values + n + r),
    }
