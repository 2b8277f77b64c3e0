"""The shuffle on S3: mapper, partition and reducer as plain Lambdas with no wrapper, and the storage below them."""

import uuid
from collections import Counter

import pytest

from functions.mapper.mapper import lambda_handler as mapper
from functions.partition.partition import lambda_handler as partition
from functions.reducer.reducer import lambda_handler as reducer
from runtime.aws.errors import StorageError
from runtime.mapreduce import list_partitions, read_partition
from runtime.mapreduce.keys import reducer_id
from runtime.ports import ports
from runtime.run import Run, within
from tests.fakes.bucketful import Buckets


def mapped(buckets: Buckets, text: str, **more: int) -> dict[str, object]:
    return mapper({"text": text, "destination": buckets.shuffle, **more}, None)


def test_plain_mapper_says_where_and_how_it_partitioned(buckets: Buckets) -> None:
    assert mapped(buckets, "to be", numReducer=5) == {"bucket": buckets.shuffle, "numReducer": 5}


def test_plain_mapper_partitions_three_ways_if_not_told(buckets: Buckets) -> None:
    output = mapped(buckets, "to be or not")

    assert output["numReducer"] == 3
    assert {key.partition("/")[0] for key in buckets.keys(buckets.shuffle)} <= {"reducer0", "reducer1", "reducer2"}


def test_plain_mapper_writes_the_documented_keys(buckets: Buckets) -> None:
    mapped(buckets, "to", numReducer=7)

    (key,) = buckets.keys(buckets.shuffle)
    directory, word, name = key.split("/")
    assert (directory, word) == (f"reducer{reducer_id('to', 7)}", "to")
    assert uuid.UUID(name).version == 4


def test_plain_mapper_that_runs_twice_counts_twice(buckets: Buckets) -> None:
    mapped(buckets, "to be")
    mapped(buckets, "to be")

    assert len(buckets.keys(buckets.shuffle)) == 4


def test_emitted_objects_are_empty(buckets: Buckets) -> None:
    mapped(buckets, "to be")

    sizes = [item["Size"] for item in buckets.client.list_objects_v2(Bucket=buckets.shuffle)["Contents"]]
    assert sizes == [0, 0]


def test_plain_functions_one_after_the_other_count(buckets: Buckets) -> None:
    outputs = [mapped(buckets, text) for text in ("to be or not", "to be")]

    counts: Counter[str] = Counter()
    for item in partition(outputs, None):
        counts.update(reducer(item, None))

    assert counts == {"to": 2, "be": 2, "or": 1, "not": 1}


def test_partition_lists_in_the_order_of_the_numbers(buckets: Buckets) -> None:
    for number in (10, 9, 2, 0, 11):
        buckets.put(buckets.shuffle, f"reducer{number}/w/u", None)

    listed = partition([{"bucket": buckets.shuffle, "numReducer": 12}], None)

    assert listed == [{"bucket": buckets.shuffle, "partition": f"reducer{n}/"} for n in (0, 2, 9, 10, 11)]


def test_partition_ignores_what_no_mapper_wrote(buckets: Buckets) -> None:
    for key in ("reducer1/w/u", "reducer01/w/u", "reducers/w/u", "other/reducer2/w/u", "readme.txt"):
        buckets.put(buckets.shuffle, key, None)

    assert list_partitions(buckets.shuffle) == ["reducer1/"]


@pytest.mark.usefixtures("instant_puts")
def test_more_partitions_than_a_page_are_all_listed(buckets: Buckets) -> None:
    for number in range(1005):
        ports().s3.put(buckets.shuffle, f"reducer{number}/w/u", b"")

    assert list_partitions(buckets.shuffle) == [f"reducer{number}/" for number in range(1005)]


def test_reducer_of_another_number_with_the_same_beginning_is_not_read(buckets: Buckets) -> None:
    ports().s3.put(buckets.shuffle, "reducer1/one/u", b"")
    ports().s3.put(buckets.shuffle, "reducer10/ten/u", b"")

    assert reducer({"bucket": buckets.shuffle, "partition": "reducer1/"}, None) == {"one": 1}


def test_reducer_gives_one_1_for_each_occurrence(buckets: Buckets) -> None:
    for name in ("u1", "u2", "u3"):
        ports().s3.put(buckets.shuffle, f"reducer0/be/{name}", b"")

    assert dict(read_partition(buckets.shuffle, "reducer0/")) == {"be": [1, 1, 1]}


def test_reducer_refuses_a_key_that_no_mapper_writes(buckets: Buckets) -> None:
    buckets.put(buckets.shuffle, "reducer0/stray.txt", None)

    with pytest.raises(ValueError, match=r"reducer0/stray\.txt is no emitted pair"):
        reducer({"bucket": buckets.shuffle, "partition": "reducer0/"}, None)


def test_reducer_fetches_no_empty_object(buckets: Buckets) -> None:
    with within(Run("run1")) as run:
        partition([mapped(buckets, "to be or " + "w" * 600, numReducer=1)], None)
        run.requests.clear()

        words = dict(read_partition(buckets.shuffle, "reducer0/"))

    assert len(words) == 4
    # One object holds the long word, the other says how many pairs there are.
    assert run.requests == {"s3.ListObjectsV2": 1, "s3.GetObject": 2}


def test_words_of_every_kind_survive(buckets: Buckets) -> None:
    blocks = (range(0x21, 0x100), range(0x2000, 0x2070), range(0xFFF0, 0x10000), range(0x1F600, 0x1F610))
    words = [f"{chr(code)}x" for block in blocks for code in block if not chr(code).isspace()]

    mapped(buckets, " ".join(words), numReducer=1)

    assert reducer({"bucket": buckets.shuffle, "partition": "reducer0/"}, None) == Counter(words)


def test_destination_that_does_not_exist_is_named(buckets: Buckets) -> None:
    with pytest.raises(StorageError, match=r"s3:PutObject on s3://no-such-bucket/reducer.*there is no such bucket"):
        mapper({"text": "to", "destination": "no-such-bucket"}, None)


def test_listing_a_bucket_that_does_not_exist_is_an_error(buckets: Buckets) -> None:
    with pytest.raises(StorageError, match="s3:ListBucket on s3://no-such-bucket/"):
        list_partitions("no-such-bucket")


@pytest.mark.usefixtures("buckets")
def test_reading_from_a_bucket_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(StorageError, match="there is no such bucket"):
        ports().s3.get("no-such-bucket", "key")


def test_missing_object_reads_as_none(buckets: Buckets) -> None:
    assert ports().s3.get(buckets.shuffle, "nothing") is None


def test_create_writes_once(buckets: Buckets) -> None:
    first, second = ports().s3.create(buckets.results, "key", b"1"), ports().s3.create(buckets.results, "key", b"2")

    assert (first, second) == (True, False)
    assert ports().s3.get(buckets.results, "key") == b"1"


def test_create_or_read_gives_what_the_first_writer_stored(buckets: Buckets) -> None:
    ports().s3.create(buckets.results, "key", b"first")

    assert ports().s3.create_or_read(buckets.results, "key", b"second") == b"first"


def test_create_or_read_writes_again_where_already_exists_was_said_of_nothing(
    buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([False, False])
    true_create = ports().s3.create
    monkeypatch.setattr(ports().s3, "create", lambda *request: next(answers, None) is None and true_create(*request))

    assert ports().s3.create_or_read(buckets.results, "key", b"mine") == b"mine"
    assert ports().s3.get(buckets.results, "key") == b"mine"


def test_create_or_read_gives_up_on_an_object_that_comes_and_goes(buckets: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports().s3, "create", lambda *_: False)

    with pytest.raises(StorageError, match="create and delete"):
        ports().s3.create_or_read(buckets.results, "key", b"mine")
