"""The layout objects: values in bodies, attempts that never mix, and the proof that nothing is missing and nothing too much."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.mapreduce import emit, list_partitions, read_partition
from runtime.mapreduce.keys import partition_directory, reducer_id
from runtime.mapreduce.objects.bodies import Body
from runtime.mapreduce.objects.errors import ObjectsError
from runtime.ports import ports
from runtime.run import Run, within
from scripts.client.orchestrations.shape import Pairs
from scripts.compare.shuffle import _objects
from tests.fakes.limits import limit
from tests.fakes.round_trip import in_memory, read_back, run_mapper

BUCKET = "my-bucket"
LONG = "long" * 200

WORDS = st.sampled_from(["a", "a-b", "é", LONG])
VALUES = st.sampled_from([1, 1, 1, 2, True, 1.0, -0.0, None, "1", [1], {"a": 1, "b": 2}, {"b": 2, "a": 1}])
PAIRS = st.lists(st.tuples(WORDS, VALUES), max_size=12)


def map_of(pairs: list[tuple[str, Any]]) -> Callable[[str], Iterator[Any]]:
    return lambda text: iter(pairs)


def run_all(*mappers: list[tuple[str, Any]]) -> None:
    for index, pairs in enumerate(mappers, 1):
        run_mapper("objects", map_of(pairs), Run("run1", index, len(mappers)))


def read_text(mappers: int) -> dict[str, list[str]]:
    return {word: list(map(json.dumps, values)) for word, values in read_back("objects", mappers).items()}


def expected(*mappers: list[tuple[str, Any]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pairs in mappers:
        for word, value in pairs:
            found.setdefault(word, []).append(json.dumps(value))
    return found


def keys(prefix: str = "run1/") -> list[str]:
    return sorted(ports().s3.list_keys(BUCKET, prefix))


def directory_of(word: str) -> str:
    return f"run1/{partition_directory(reducer_id(word, 3))}"


# Attempts


@settings(max_examples=60, deadline=None)
@given(st.lists(PAIRS, min_size=1, max_size=3), st.data())
def test_earlier_attempts_leave_no_trace_however_far_they_came(mappers: list[list[Any]], data: st.DataObject) -> None:
    with in_memory():
        for index, pairs in enumerate(mappers, 1):
            for _ in range(data.draw(st.integers(0, 2))):
                attempt = data.draw(st.permutations(pairs))[: data.draw(st.integers(0, len(pairs)))]
                run_mapper("objects", map_of(attempt), Run("run1", index, len(mappers)))
        run_all(*mappers)

        assert read_text(len(mappers)) == expected(*mappers)


@in_memory()
def test_values_that_are_equal_in_python_and_not_in_json_are_objects_of_their_own() -> None:
    run_all([("w", 1), ("w", True), ("w", 1.0), ("w", 0.0), ("w", -0.0)])

    assert len(keys(f"{directory_of('w')}w/")) == 5


@in_memory()
def test_value_1_is_an_empty_object_and_another_one_a_body() -> None:
    run_all([("w", 1), ("w", [2])])

    sizes = {size for _, size in ports().s3.list_objects(BUCKET, directory_of("w")) if not size}
    (body,) = [body for key in keys(directory_of("w")) if (body := ports().s3.get(BUCKET, key))]
    assert sizes == {0}
    assert json.loads(body) == {"mapper": 1, "number": 1, "occurrence": 0, "value": [2]}


@in_memory()
def test_more_bodies_than_are_fetched_at_a_time_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    limit(bodies=3)
    pairs = [(f"w{number % 5}", number) for number in range(40)]

    run_all(pairs)

    assert read_text(1) == expected(pairs)


@pytest.mark.parametrize(
    ("limits", "fetched"),
    [({}, 9), ({"bodies": 2}, 2), ({"bodies_bytes": 1}, 1), ({"bodies_bytes": 150}, 4)],
)
@in_memory()
def test_reader_holds_no_more_bodies_than_it_may_before_it_hands_out_a_word(limits: dict[str, int], fetched: int) -> None:
    limit(**limits)
    words = [f"w{number}" for number in range(30) if reducer_id(f"w{number}", 3) == 0][:9]
    run_mapper("objects", map_of([(word, 2) for word in words]), Run("run1"))  # a body of 47 bytes for each

    with within(Run("run1")) as run:
        list_partitions(BUCKET, "objects", 1)
        before = Counter(run.requests)
        next(read_partition(BUCKET, "reducer0/", "objects"))

    assert (run.requests - before)["s3.GetObject"] - 1 == fetched  # one more for how many pairs there must be


# Bodies

GOOD = {"mapper": 1, "number": 0, "occurrence": 0, "value": 2}


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b"\xff", "it is no JSON"),
        (b"{", "it is no JSON"),
        (b"null", "must be an object with mapper, number, occurrence, value"),
        (json.dumps({**GOOD, "more": 1}).encode(), "must be an object with"),
        (json.dumps({**GOOD, "mapper": 0}).encode(), '"mapper" must be a whole number from 1'),
        (json.dumps({**GOOD, "number": True}).encode(), '"number" must be a whole number from 0'),
        (json.dumps({**GOOD, "occurrence": -1}).encode(), '"occurrence" must be a whole number from 0'),
        (json.dumps({**GOOD, "value": float("nan")}).encode(), "JSON has no NaN"),
        (b'{"mapper": 1, "number": 0, "occurrence": 0, "value": 1e999}', "its value can't have been emitted"),
        (json.dumps({**GOOD, "value": 2**60}).encode(), "its value can't have been emitted"),
        (b"[" * 100_000, "nested too deep"),
        (json.dumps({**GOOD, "value": 3}).encode(), "not the one that a mapper of run run1 gives to that key"),
        (json.dumps({**GOOD, "mapper": 2}).encode(), "not the one that a mapper of run run1 gives to that key"),
    ],
)
@in_memory()
def test_body_that_no_mapper_writes_is_refused_with_its_key(body: bytes, cause: str) -> None:
    run_all([("w", 2)])
    (key,) = keys(directory_of("w"))
    ports().s3.put(BUCKET, key, body)

    with pytest.raises(ObjectsError) as raised:
        read_back("objects")

    assert f"s3://{BUCKET}/{key} is no emitted pair" in str(raised.value)
    assert cause in str(raised.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_body_or_are_refused(data: bytes) -> None:
    try:
        body = Body.parse(data, is_long=False)
    except ValueError:
        return
    assert Body.parse(body.to_bytes(), is_long=False) == body


@in_memory()
def test_body_of_another_long_word_is_refused() -> None:
    run_all([(LONG, 2)])
    (key,) = keys(directory_of(LONG))
    ports().s3.put(BUCKET, key, Body(1, 0, 0, 2, LONG + "er").to_bytes())

    with pytest.raises(ObjectsError, match="does not match its key segment"):
        read_back("objects")


@in_memory()
def test_long_word_costs_one_request_more_whatever_it_occurs_with() -> None:
    run_all([(LONG, 1)] * 5)
    with within(Run("run1")) as run:
        (partition,) = list_partitions(BUCKET)
        run.requests.clear()

        pairs = dict(read_partition(BUCKET, partition))

    assert pairs == {LONG: [1] * 5}
    assert run.requests == {"s3.ListObjectsV2": 1, "s3.GetObject": 2}


@pytest.mark.parametrize("name", ["u1", "abcd", f"{UUID(int=5)}/more", ""])
@in_memory()
def test_name_that_is_no_uuid_is_refused_in_a_run(name: str) -> None:
    run_all([("w", 1)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ports().s3, "list_objects", lambda bucket, prefix: iter([(f"{prefix}w/{name}", 0)]))

        with pytest.raises(ObjectsError, match="is no emitted pair: its name is no UUID"):
            read_back("objects")


# The proof


@in_memory()
def test_each_mapper_says_how_much_it_emitted_and_partition_adds_it_up() -> None:
    run_all([("a", 1), ("a", 1), ("a", 2)], [("a", 1)], [])
    read_back("objects", 3)

    number = str(reducer_id("a", 3))
    bodies = {key.removeprefix("run1/emitted/"): json.loads(ports().s3.get(BUCKET, key) or b"") for key in keys("run1/emitted/")}
    assert {name: body["pairs"] for name, body in bodies.items()} == {
        "1": {number: 3},
        "2": {number: 1},
        "3": {},
        "sum": {number: 4},
    }


@in_memory()
def test_mapper_that_failed_says_nothing() -> None:
    def broken(text: str) -> None:
        emit("a")
        raise LookupError

    with pytest.raises(LookupError):
        run_mapper("objects", broken)

    assert keys("run1/emitted/") == []


def lose_the_mappers_word() -> None:
    ports().s3.delete(BUCKET, "run1/emitted/2")


def lose_a_pair() -> None:
    ports().s3.delete(BUCKET, keys(f"{directory_of('a')}a/")[0])


def lose_a_partition() -> None:
    for key in keys(directory_of("b")):
        ports().s3.delete(BUCKET, key)


def add_a_pair() -> None:
    ports().s3.put(BUCKET, f"{directory_of('a')}a/{UUID(int=5)}", b"")


def add_a_partition() -> None:
    ports().s3.put(BUCKET, f"run1/reducer0/c/{UUID(int=5)}", b"")


def take_what_another_run_emitted() -> None:
    body = json.loads(ports().s3.get(BUCKET, "run1/emitted/2") or b"")
    ports().s3.put(BUCKET, "run1/emitted/2", json.dumps({**body, "run": "run2"}).encode())


def take_what_another_mapper_emitted() -> None:
    ports().s3.put(BUCKET, "run1/emitted/2", ports().s3.get(BUCKET, "run1/emitted/1") or b"")


def write_nonsense() -> None:
    ports().s3.put(BUCKET, "run1/emitted/2", b'{"run": "run1", "mapper": 2, "pairs": {"0": -1}, "places": {}}')


def emit_something_else_again() -> None:
    run_mapper("objects", map_of([("a", 1), ("a", "by chance")]), Run("run1", 2, 2))


MISMATCHES: dict[Callable[[], None], str] = {
    lose_the_mappers_word: r"s3://my-bucket/run1/emitted/2 is not there, in which mapper 2 says .* probably mapper 2 has not run",
    lose_a_pair: r"holds 2 pairs, but the mappers emitted 3; 1 are missing: probably something has deleted them",
    lose_a_partition: r"the mappers emitted 1 pairs into s3://my-bucket/run1/reducer\d/, but it is not there",
    add_a_pair: r"holds 4 pairs, but the mappers emitted 3; 1 too many: probably user_map emitted something",
    add_a_partition: r"no mapper says that it emitted anything into s3://my-bucket/run1/reducer0/; probably user_map emitted",
    take_what_another_run_emitted: r"emitted/2 belongs to run 'run2', not to 'run1'",
    take_what_another_mapper_emitted: r"emitted/2 is not what mapper 2 writes: it names mapper 1",
    write_nonsense: r"emitted/2 is not what mapper 2 writes",
    emit_something_else_again: r"holds 4 pairs, but the mappers emitted 3; 1 too many: probably user_map emitted something else",
}


@pytest.mark.parametrize("mismatch", MISMATCHES)
@in_memory()
def test_run_that_is_not_whole_fails_and_says_what_differs(mismatch: Callable[[], None]) -> None:
    run_all([("a", 1)], [("a", 1), ("a", 1), ("b", 1)] if mismatch is not emit_something_else_again else [("a", 1), ("a", 2)])

    mismatch()

    with pytest.raises(ObjectsError, match=MISMATCHES[mismatch]):
        read_back("objects", 2)


@in_memory()
def test_sum_that_partition_has_not_stored_fails_the_reducer() -> None:
    run_all([("a", 1)])

    with within(Run("run1")), pytest.raises(ObjectsError, match="emitted/sum is not there, in which partition says"):
        list(read_partition(BUCKET, partition_directory(reducer_id("a", 3))))


@in_memory()
def test_outside_a_run_there_is_no_proof() -> None:
    run_mapper("objects", map_of([("a", 1), ("a", "x"), ("a", 1)]), Run())

    (partition,) = list_partitions(BUCKET)
    assert dict(read_partition(BUCKET, partition)) == {"a": [1, "x", 1]}
    assert keys("emitted/") == []


@in_memory()
def test_requests_of_a_run_are_those_of_the_formulas() -> None:
    mappers = [[("a", 1), ("b", "x"), (LONG, 1)], [("a", 1), (LONG, 2), (LONG, 1)], []]
    requests: Counter[str] = Counter()
    for index, pairs in enumerate(mappers, 1):
        run = Run("run1", index, len(mappers))
        run_mapper("objects", map_of(pairs), run)
        requests += run.requests
    with within(Run("run1")) as run:
        found = list_partitions(BUCKET, "objects", len(mappers))
        for partition in found:
            dict(read_partition(BUCKET, partition))
        requests += run.requests

    formulas = _objects(Pairs(words=6, long_words=1, values=2), len(mappers), len(found))

    assert {name: (number, number) for name, number in requests.items()} == formulas
