"""The layout `packed` on S3: mapper, partition and reducer as plain Lambdas and inside a run, and the storage below them."""

from collections import Counter
from typing import Any

import pytest

from functions.mapper.mapper import lambda_handler as mapper
from functions.partition.partition import lambda_handler as partition
from functions.reducer.reducer import lambda_handler as reducer
from runtime.aws import s3
from runtime.aws.errors import StorageError
from runtime.ports import ports
from runtime.run import Run, within
from tests.fakes.bucketful import Buckets


def counted(buckets: Buckets, chunks: list[str], run_id: str | None, **more: int) -> tuple[Counter[str], Counter[str]]:
    """The counts of a run, and all requests of its functions."""
    requests: Counter[str] = Counter()
    outputs, counts = [], {}
    for index, text in enumerate(chunks, 1):
        with within(Run(run_id, index, len(chunks))) as run:
            outputs.append(mapper({"text": text, "destination": buckets.shuffle, "shuffle": "packed", **more}, None))
        requests += run.requests
    with within(Run(run_id)) as run:
        partitions = partition(outputs, None)
    requests += run.requests
    for index, item in enumerate(partitions, 1):
        with within(Run(run_id, index, len(partitions))) as run:
            counts |= reducer(item, None)
        requests += run.requests
    return Counter(counts), requests


def test_run_counts_and_writes_one_object_for_each_mapper(buckets: Buckets) -> None:
    counts, _ = counted(buckets, ["to be or not", "to be", ""], "run1")

    assert counts == {"to": 2, "be": 2, "or": 1, "not": 1}
    assert buckets.keys(buckets.shuffle) == [f"run1/packed/{name}" for name in ("1", "2", "3", "index")]


def test_plain_functions_count(buckets: Buckets) -> None:
    counts, _ = counted(buckets, ["to be or not", "to be"], None)

    assert counts == {"to": 2, "be": 2, "or": 1, "not": 1}


def test_requests_of_small_objects_are_one_for_each_function_and_one_for_each_object(buckets: Buckets) -> None:
    _, requests = counted(buckets, ["to be or not", "to be", "not to"], "run1", numReducer=2)

    assert requests == {"s3.PutObject": 3 + 1, "s3.GetObject": 3 + 2}


def test_requests_of_large_objects_are_one_for_each_pair_of_mapper_and_reducer(buckets: Buckets) -> None:
    chunks = [" ".join(f"{number * 7919 % 100003:x}-{chunk}" for number in range(30_000)) for chunk in range(3)]

    counts, requests = counted(buckets, chunks, "run1", numReducer=2)

    assert counts == Counter(word for chunk in chunks for word in chunk.split())
    assert requests == {"s3.PutObject": 3 + 1, "s3.GetObject": 3 + 2 + 3 * 2}


def test_end_of_an_object_comes_with_its_size(buckets: Buckets) -> None:
    ports().s3.put(buckets.shuffle, "key", b"0123456789")

    assert ports().s3.get_end(buckets.shuffle, "key", 4) == s3.Ending(b"6789", 10)
    assert ports().s3.get_end(buckets.shuffle, "key", 400) == s3.Ending(b"0123456789", 10)
    assert ports().s3.get_end(buckets.shuffle, "nothing", 4) is None


def test_end_of_an_empty_object_is_empty(buckets: Buckets) -> None:
    ports().s3.put(buckets.shuffle, "key", b"")

    assert ports().s3.get_end(buckets.shuffle, "key", 4) == s3.Ending(b"", 0)


@pytest.mark.parametrize(("start", "length", "expected"), [(2, 3, b"234"), (8, 5, b"89"), (10, 5, b""), (50, 5, b"")])
def test_range_of_an_object_is_as_long_as_the_object_allows(buckets: Buckets, start: int, length: int, expected: bytes) -> None:
    ports().s3.put(buckets.shuffle, "key", b"0123456789")

    assert ports().s3.get_range(buckets.shuffle, "key", start, length) == expected
    assert ports().s3.get_range(buckets.shuffle, "nothing", start, length) is None


def test_large_object_is_uploaded_in_parts(buckets: Buckets) -> None:
    chunks = [bytes([number]) * 3_000_000 for number in range(9)]

    with within(Run("run1")) as run:
        ports().s3.put_in_parts(buckets.shuffle, "key", 27_000_000, lambda: iter(chunks))

    assert ports().s3.get(buckets.shuffle, "key") == b"".join(chunks)
    assert run.requests == {"s3.CreateMultipartUpload": 1, "s3.UploadPart": 4, "s3.CompleteMultipartUpload": 1}


def test_upload_that_fails_leaves_nothing(buckets: Buckets) -> None:
    def chunks() -> Any:
        yield b"x" * 20_000_000
        raise ValueError("the disk is gone")

    with pytest.raises(StorageError, match=r"s3:PutObject on s3://.*/key failed: the disk is gone"):
        ports().s3.put_in_parts(buckets.shuffle, "key", 30_000_000, chunks)

    assert ports().s3.get(buckets.shuffle, "key") is None
    assert "Uploads" not in buckets.client.list_multipart_uploads(Bucket=buckets.shuffle)
