"""Component functions called plainly, as Lambda would with no wrapper; those that need S3 stand in tests/integration."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.mapper import mapper, user_map
from functions.partition.partition import lambda_handler as partition
from functions.reducer.reducer import lambda_handler as reducer
from functions.reducer.user_reduce import user_reduce
from functions.summary.summary import lambda_handler as summary
from functions.unum_map.unum_map import lambda_handler as unum_map
from runtime.mapreduce import Source, param
from runtime.mapreduce.user_code import using
from runtime.ports import ports
from tests.fakes.round_trip import in_memory
from tests.fakes.shuffle_store import ShuffleStore

CHUNK = {"text": "to be", "destination": "my-bucket"}


def output(bucket: str, reducers: int) -> dict[str, Any]:
    return {"bucket": bucket, "numReducer": reducers}


@pytest.mark.parametrize("array", [[], [CHUNK], [CHUNK, CHUNK]])
def test_unum_map_passes_the_array_on(array: list[Any]) -> None:
    assert unum_map(array, None) == array
    assert unum_map({"data": array}, None) == array


@pytest.mark.parametrize("event", [None, "text", {}, {"data": CHUNK}])
def test_unum_map_refuses_what_is_no_array(event: Any) -> None:
    with pytest.raises(ValueError, match="unum_map takes an array"):
        unum_map(event, None)


def test_mapper_emits_what_user_map_emits(monkeypatch: pytest.MonkeyPatch) -> None:
    store = ShuffleStore()
    monkeypatch.setattr(ports().s3, "put_once", store.put)

    returned = mapper.lambda_handler(CHUNK | {"numReducer": 1}, None)

    assert returned == output("my-bucket", 1)
    assert sorted(key.split("/")[:2] for key in store.objects) == [["reducer0", "be"], ["reducer0", "to"]]


@pytest.mark.parametrize(
    ("fields", "default", "shuffle"),
    [
        ({}, "", {}),
        ({}, "objects", {}),
        ({}, "packed", {"shuffle": "packed"}),
        ({"shuffle": "packed"}, "", {"shuffle": "packed"}),
        ({"shuffle": "objects"}, "", {"shuffle": "objects"}),
        ({"shuffle": "objects"}, "packed", {"shuffle": "objects"}),
    ],
)
def test_mapper_stores_in_the_layout_that_was_asked_for_and_passes_it_on(
    fields: dict[str, str], default: str, shuffle: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHUFFLE", default)
    with in_memory():
        returned = mapper.lambda_handler(CHUNK | fields, None)

        assert returned == output("my-bucket", 3) | shuffle
        assert partition([returned], None)
        assert all(part.keys() - {"bucket", "partition"} == shuffle.keys() for part in partition([returned], None))
        reduced = [reducer(part, None) for part in partition([returned], None)]
        assert summary(reduced, None) == {"to": 1, "be": 1}


def texts_with_their_files(text: str, source: Source) -> Iterator[tuple[str, Any]]:
    yield source.name, [source.offset, text, param("mark")]


def test_pieces_are_mapped_in_order_with_the_params_of_the_run_that_travel_from_function_to_function() -> None:
    pieces = [
        {"text": "to be", "name": "a"},
        {"text": "or not", "name": "b", "offset": 7},
        {"text": "to", "name": "a", "offset": 9},
    ]
    job = {"params": {"mark": "!"}}
    own = {"map": texts_with_their_files, "reduce": lambda word, values: [*values, param("mark")]}

    with in_memory(), using(own):
        returned = mapper.lambda_handler({"pieces": pieces, "destination": "my-bucket", "job": job}, None)
        parts = partition([returned, returned], None)
        reduced = summary([reducer(part, None) for part in parts], None)

    assert returned == output("my-bucket", 3) | {"job": job}
    assert {json.dumps(part.get("job")) for part in parts} == {json.dumps(job)}
    assert reduced == {"a": [[0, "to be", "!"], [9, "to", "!"], "!"], "b": [[7, "or not", "!"], "!"]}


def test_partition_compares_the_jobs_of_the_mappers_but_not_the_order_of_their_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports().s3, "list_directories", lambda bucket, prefix: ["reducer0/"])
    jobs: list[dict[str, Any]] = [{"params": params} for params in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1})]
    outputs = [output("one", 3) | {"job": job} for job in jobs]

    assert partition(outputs[:2], None) == [{"bucket": "one", "partition": "reducer0/", "job": jobs[0]}]
    with pytest.raises(ValueError, match=r'output 3 has .*job {"params": {"a": 1}}; all chunks of a run need .* one job'):
        partition(outputs, None)


def test_partition_takes_a_layout_that_is_not_named_for_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports().s3, "list_directories", lambda bucket, prefix: ["reducer0/"])

    assert partition([output("one", 3) | {"shuffle": "objects"}, output("one", 3)], None)
    with pytest.raises(ValueError, match=r'shuffle "objects", .*and output 2 has .*shuffle "packed"'):
        partition([output("one", 3), output("one", 3) | {"shuffle": "packed"}], None)


@pytest.mark.parametrize("shuffle", [None, "", "pack", 3, ["packed"], "os"])
@pytest.mark.parametrize("function", ["mapper", "partition", "reducer"])
def test_layout_that_is_not_known_is_refused_by_name(function: str, shuffle: Any) -> None:
    part = {"bucket": "my-bucket", "partition": "reducer0/"}
    calls: dict[str, Any] = {
        "mapper": lambda: mapper.lambda_handler(CHUNK | {"shuffle": shuffle}, None),
        "partition": lambda: partition([output("my-bucket", 3) | {"shuffle": shuffle}], None),
        "reducer": lambda: reducer(part | {"shuffle": shuffle}, None),
    }

    with pytest.raises(ValueError, match='"shuffle" must be objects or packed; got'):
        calls[function]()


def test_user_map_splits_at_whitespace(monkeypatch: pytest.MonkeyPatch) -> None:
    emitted: list[str] = []
    monkeypatch.setattr(user_map, "emit", emitted.append)

    user_map.user_map(" to be\n\tor\u3000not\u00a0to, ")

    assert emitted == ["to", "be", "or", "not", "to,"]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (None, "mapper takes"),
        ([CHUNK], "mapper takes"),
        ({"destination": "my-bucket"}, '"text" must be a string; got NoneType'),
        (CHUNK | {"text": 3}, '"text" must be a string; got int'),
        ({"text": ""}, '"destination" must be'),
        (CHUNK | {"destination": "No Bucket"}, "name of a bucket"),
        (CHUNK | {"job": {"parms": {}}}, "\"job\" has 'parms'"),
        (CHUNK | {"pieces": []}, 'either "text", a string, or "pieces"'),
        (CHUNK | {"numReducer": 0}, '"numReducer" must be'),
        (CHUNK | {"numReducer": None}, '"numReducer" must be'),
    ],
)
def test_mapper_says_what_is_wrong_with_its_event(event: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        mapper.lambda_handler(event, None)


def test_partition_of_nothing_is_nothing() -> None:
    assert partition([], None) == []


def test_partition_lists_once_however_many_mappers_there_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports().s3, "list_directories", lambda bucket, prefix: ["reducer10/", "reducer9/", "other/"])

    listed = partition([output("my-bucket", 11)] * 3, None)

    assert [item["partition"] for item in listed] == ["reducer9/", "reducer10/"]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (None, "takes an array"),
        (output("one", 3), "takes an array"),
        ([3], "mapper output 1 is not"),
        ([output("one", 3), {"bucket": "one"}], "mapper output 2 is not"),
        ([output("one", 3), output("one", 3), output("two", 3)], "output 1 has.*output 3 has"),
        ([output("one/" + 250 * "a", 3), output("one/" + 250 * "a" + "b", 3)], "output 1 has.*output 2 has"),
        ([output("one", 3), output("one", 4)], "numReducer 3.* and .*numReducer 4"),
    ],
)
def test_partition_says_what_is_wrong_with_its_event(event: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        partition(event, None)


def test_reducer_reduces_each_word_of_its_partition(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = ["reducer0/to/1", "reducer0/be/1", "reducer0/be/2", "reducer0/and%2For/1"]
    monkeypatch.setattr(ports().s3, "list_objects", lambda bucket, prefix: ((key, 0) for key in keys))

    assert reducer({"bucket": "my-bucket", "partition": "reducer0/"}, None) == {"to": 1, "be": 2, "and/or": 1}


def test_user_reduce_sums() -> None:
    assert user_reduce("be", [1, 1, 1]) == 3


@pytest.mark.parametrize("partition_name", ["reducer0", "other/", "../reducer0/", "", None, 0])
def test_reducer_refuses_what_is_no_partition(partition_name: Any) -> None:
    with pytest.raises(ValueError, match='"partition" must be like'):
        reducer({"bucket": "my-bucket", "partition": partition_name}, None)


@pytest.mark.parametrize("event", [None, [], {}, {"bucket": "my-bucket"}, {"partition": "reducer0/"}])
def test_reducer_says_what_it_takes(event: Any) -> None:
    with pytest.raises(ValueError, match="reducer takes"):
        reducer(event, None)


@pytest.mark.parametrize(
    ("outputs", "union"),
    [([], {}), ([{}], {}), ([{"be": 2}, {"or": 1}, {}], {"be": 2, "or": 1}), ([{"n": None}], {"n": None})],
)
def test_summary_is_the_union(outputs: list[dict[str, Any]], union: dict[str, Any]) -> None:
    assert summary(outputs, None) == union


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (None, "takes an array"),
        ({"be": 2}, "takes an array"),
        ([{"be": 2}, 3], "reducer output 2 is not an object"),
        ([{"be": 2}, {"or": 1}, {"be": 1}], "'be' is in reducer output 3 and in an earlier one"),
    ],
)
def test_summary_says_what_is_wrong_with_its_event(event: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        summary(event, None)
