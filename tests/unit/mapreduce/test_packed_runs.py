"""Whole runs of the layout packed over objects in memory: all pairs arrive, in order; and whatever is wrong is found."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.limits import LIMITS
from runtime.mapreduce.packed import format as container
from runtime.mapreduce.packed.compression import compress
from runtime.mapreduce.packed.errors import PackedError
from runtime.mapreduce.packed.writer import MEMORY_VARIABLE
from tests.fakes.limits import limit
from tests.fakes.packed_store import PackedStore, expected, partitions, read_all, write, write_all
from tests.unit.mapreduce.test_packed_frames import VALUES, WORDS

SOME_WORDS = st.sampled_from(["", "a", "b", "to", "be", "ж", "\U0001f600", "a/b", "new\nline"]) | WORDS
PAIRS = st.lists(st.tuples(SOME_WORDS, st.just(1) | VALUES), max_size=30)
ONES = st.lists(st.tuples(SOME_WORDS, st.just(1)), max_size=30)


@pytest.fixture
def store() -> Iterator[PackedStore]:
    """S3."""
    with pytest.MonkeyPatch.context() as patch:
        yield PackedStore(patch)


@given(st.lists(PAIRS | ONES, min_size=1, max_size=5), st.integers(1, 5), st.integers(20, 300), st.booleans(), st.booleans())
def test_all_pairs_arrive_in_order(
    mappers: list[list[tuple[str, Any]]], num_reducer: int, frame_bytes: int, inlined: bool, sealed_early: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        PackedStore(patch)
        limit(least_frame_bytes=frame_bytes, frame_bytes=frame_bytes, frames_between=2, slice_bytes=100)
        limit(inlined_bytes=LIMITS.inlined_bytes if inlined else 0)
        if sealed_early:
            patch.setenv(MEMORY_VARIABLE, "0.001")
        write_all(mappers, num_reducer)

        found = read_all(partitions(len(mappers)))

    assert repr(sorted(found.items())) == repr(sorted(expected(mappers).items()))


def test_words_come_in_the_order_of_their_bytes(store: PackedStore) -> None:
    write([(word, 1) for word in ("z", "б", "a", "\U0001f600", "\uffee", "B")], num_reducer=1)

    assert list(read_all(partitions(1))) == ["B", "a", "z", "б", "\uffee", "\U0001f600"]


def test_one_true_and_one_point_nought_stay_different(store: PackedStore) -> None:
    values = [1, True, 1.0, 1, 0.0, -0.0, 0, False, None, "1", [1], [True], {"a": 1.0}]
    write([("w", value) for value in values])

    (found,) = read_all(partitions(1)).values()

    assert repr(found) == repr(values)


def test_partitions_come_in_the_order_of_their_numbers(store: PackedStore) -> None:
    write([(f"word{number}", 1) for number in range(500)], num_reducer=12)

    assert partitions(1) == [f"reducer{number}/" for number in range(12)]


def test_mapper_that_emits_nothing_writes_an_object_without_blocks(store: PackedStore) -> None:
    write_all([[], [("a", 1)]])

    assert list(store.objects) == ["run1/packed/1", "run1/packed/2"]
    assert len(partitions(2)) == 1


def test_run_that_emits_nothing_has_no_partitions_and_no_merged_index(store: PackedStore) -> None:
    write_all([[], []])

    assert partitions(2) == []
    assert list(store.objects) == ["run1/packed/1", "run1/packed/2"]


def test_outside_a_run_all_objects_that_are_there_count(store: PackedStore) -> None:
    write([("a", 1), ("b", 5)], run_id=None)
    write([("a", 1)], run_id=None)

    assert read_all(partitions(1, run_id=None), run_id=None) == {"a": [1, 1], "b": [5]}
    assert read_all(partitions(1, run_id=None), run_id=None) == {"a": [1, 1], "b": [5]}


def test_reducer_of_small_objects_makes_one_request(store: PackedStore) -> None:
    write_all([[("a", 1)], [("a", 1)]])
    found = partitions(2)
    store.reads.clear()

    read_all(found)

    assert [key for key, _ in store.reads] == ["run1/packed/index"]


@pytest.mark.parametrize(("room", "read"), [(0, ["1", "2"]), (1, ["2"]), (2, [])])
def test_index_holds_as_many_objects_as_there_is_room_for(room: int, read: list[str], store: PackedStore) -> None:
    write_all([[("a", 2)], [("a", 2)]])
    limit(inlined_bytes=room * len(store.objects["run1/packed/1"]))
    found = partitions(2)
    store.reads.clear()

    assert read_all(found) == {"a": [2, 2]}

    assert [key for key, _ in store.reads] == ["run1/packed/index", *(f"run1/packed/{name}" for name in read)]


def test_reducer_of_large_objects_reads_its_own_blocks_alone(store: PackedStore) -> None:
    pairs = [(f"{number * 7919 % 100003:x}", number) for number in range(60_000)]
    write_all([pairs, pairs], num_reducer=2)
    found = partitions(2)
    store.reads.clear()

    read_all(found[:1])

    keys = [key for key, _ in store.reads]
    assert sorted(keys) == ["run1/packed/1", "run1/packed/2", "run1/packed/index"]
    assert sum(read for _, read in store.reads) < 0.6 * sum(map(len, store.objects.values()))


# What is wrong, and what the error says of it. Each entry changes the objects of a run of three mappers before partition runs.


def missing(objects: dict[str, bytes]) -> None:
    del objects["run1/packed/2"]


def cut(objects: dict[str, bytes]) -> None:
    objects["run1/packed/2"] = objects["run1/packed/2"][:-1]


def empty(objects: dict[str, bytes]) -> None:
    objects["run1/packed/2"] = b""


def cut_in_front(objects: dict[str, bytes]) -> None:
    objects["run1/packed/2"] = objects["run1/packed/2"][1:]


def of_another_run(objects: dict[str, bytes]) -> None:
    write([("a", 1)], 2, 3, run_id="run2")
    objects["run1/packed/2"] = objects.pop("run2/packed/2")


def of_another_mapper(objects: dict[str, bytes]) -> None:
    objects["run1/packed/2"] = objects["run1/packed/3"]


def of_fewer_mappers(objects: dict[str, bytes]) -> None:
    write([("a", 1)], 2, 2)


def of_more_partitions(objects: dict[str, bytes]) -> None:
    write([("a", 1)], 2, 3, num_reducer=4)


def of_another_version(objects: dict[str, bytes]) -> None:
    body = objects["run1/packed/2"]
    objects["run1/packed/2"] = body[:-12] + (2).to_bytes(4, "little") + body[-8:]


def an_index(objects: dict[str, bytes]) -> None:
    partitions(3)
    objects["run1/packed/2"] = objects["run1/packed/index"]


def flipped_in_a_block(objects: dict[str, bytes]) -> None:
    body = objects["run1/packed/2"]
    objects["run1/packed/2"] = body[:5] + bytes([body[5] ^ 1]) + body[6:]


def flipped_in_the_index(objects: dict[str, bytes]) -> None:
    body = objects["run1/packed/2"]
    objects["run1/packed/2"] = body[:-40] + bytes([body[-40] ^ 1]) + body[-39:]


WRONG = {
    missing: "is missing",
    cut: "is cut off",
    empty: "is cut off",
    cut_in_front: "bytes before its index",
    of_another_run: "belongs to run 'run2', not to 'run1'",
    of_another_mapper: "is of mapper 3 of 3, not of mapper 2 of 3",
    of_fewer_mappers: "is of mapper 2 of 2, not of mapper 2 of 3",
    of_more_partitions: "has 4 partitions, but those before it have 3",
    of_another_version: "is of version 2 of the format; this program reads version 1",
    an_index: "holds no mapper's pairs, but is of the kind 'index'",
    flipped_in_a_block: "is damaged: the checksum of the block at byte 0 is wrong",
    flipped_in_the_index: "is damaged: the checksum of its index is wrong",
}


@pytest.mark.parametrize(("change", "problem"), WRONG.items(), ids=lambda case: getattr(case, "__name__", ""))
def test_partition_fails_of_an_object_that_is_wrong(store: PackedStore, change: Any, problem: str) -> None:
    write_all([[("a", 1), ("b", 1), ("c", 7)]] * 3)
    change(store.objects)

    with pytest.raises(PackedError) as caught:
        partitions(3)

    assert "s3://bucket/run1/packed/2 " in str(caught.value)
    assert problem in str(caught.value)


def test_reducer_fails_of_an_index_whose_block_is_damaged(store: PackedStore) -> None:
    write_all([[("a", 1)], [("b", 1)]], num_reducer=1)
    found = partitions(2)
    body = store.objects["run1/packed/index"]
    store.objects["run1/packed/index"] = body[:5] + bytes([body[5] ^ 1]) + body[6:]

    with pytest.raises(PackedError, match=r"run1/packed/index is damaged: the checksum of the block at byte 0 is wrong"):
        read_all(found)


def test_reducer_fails_of_a_block_of_another_attempt(store: PackedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(inlined_bytes=0)
    write_all([[("a", 1)], [("a", "first")]], num_reducer=1)
    found = partitions(2)
    write([("a", "again")], 2, 2, num_reducer=1)

    with pytest.raises(PackedError, match=r"s3://bucket/run1/packed/2 is damaged: the checksum of the block at byte 0 is wrong"):
        read_all(found)


def test_reducer_fails_of_an_object_that_is_gone(store: PackedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    limit(inlined_bytes=0)
    write_all([[("a", 1)], [("a", 1)]])
    found = partitions(2)
    del store.objects["run1/packed/2"]

    with pytest.raises(PackedError, match=r"s3://bucket/run1/packed/2 is missing"):
        read_all(found)


def test_reducer_fails_of_a_merged_index_of_another_run(store: PackedStore) -> None:
    for run_id in ("run1", "run2"):
        write([("a", 1)], run_id=run_id)
        partitions(1, run_id)
    store.objects["run1/packed/index"] = store.objects["run2/packed/index"]

    with pytest.raises(PackedError, match=r"s3://bucket/run1/packed/index belongs to run 'run2', not to 'run1'"):
        read_all(["reducer0/", "reducer1/", "reducer2/"])


def test_reducer_fails_without_a_merged_index(store: PackedStore) -> None:
    with pytest.raises(PackedError, match=r"s3://bucket/run1/packed/index is missing"):
        read_all(["reducer0/"])


def test_reducer_fails_of_a_partition_that_holds_nothing(store: PackedStore) -> None:
    write([("a", 1)])
    held = partitions(1)

    with pytest.raises(PackedError, match=r"s3://bucket/run1/packed/index has no block for partition 'reducer\d/'"):
        read_all({"reducer0/", "reducer1/"} - set(held))


FAULTY = {
    "its number of pairs": ([[["a", "b"], [1, 2]]], {"pairs": 4}, "3 pairs of 2 words in partition 0, where .* 4 and 2"),
    "its number of words": ([[["a", "b"], [1, 2]]], {"words": 1}, "3 pairs of 2 words in partition 0, where .* 3 and 1"),
    "other values": ([[["a", "b"], [1, ["x", 2]]]], {}, "a frame holds values that are none"),
    "words out of order": ([[["b", "a"], [1, 2]]], {}, "words that are not in order"),
    "frames out of order": ([[["b"], [2]], [["a"], [1]]], {}, "its words are not in order"),
    "a word in two frames": ([[["a"], [2]], [["a"], [1]]], {}, "3 pairs of 1 words in partition 0, where its index says 3 and 2"),
    "no words": ([[]], {}, "a frame can't be read"),
}


@pytest.mark.parametrize(("documents", "said", "problem"), FAULTY.values(), ids=FAULTY)
def test_reducer_fails_of_a_writer_that_wrote_something_else(
    store: PackedStore, documents: list[Any], said: dict[str, int], problem: str
) -> None:
    frames = [compress(json.dumps(document).encode()) for document in documents]
    numbers = {"pairs": 3, "words": 2, **said}
    block = container.Block(0, 0, (tuple(map(len, frames)),), numbers["pairs"], numbers["words"], True)
    contents = container.Contents(container.PAIRS, "run1", 1, 1, 1, numbers["pairs"], numbers["pairs"], False)
    store.objects["run1/packed/1"] = b"".join(container.build(contents, [(block, lambda: frames)]))

    with pytest.raises(PackedError, match=problem) as caught:
        read_all(partitions(1))

    assert "s3://bucket/run1/packed/1 " in str(caught.value)


@pytest.mark.parametrize("inlined", [True, False])
@settings(max_examples=300)
@given(data=st.data())
def test_no_damage_makes_a_wrong_count(data: st.DataObject, inlined: bool) -> None:
    mappers = [[("a", 1), ("b", 1), (f"w{number}", 1), ("c", number)] for number in range(3)]
    with pytest.MonkeyPatch.context() as patch:
        store = PackedStore(patch)
        limit(inlined_bytes=LIMITS.inlined_bytes if inlined else 0)
        write_all(mappers, num_reducer=2)
        write_all([[("a", 1)], [("b", 1)], [("z", 1)]], num_reducer=2, run_id="run2")
        before = data.draw(st.booleans())
        found = None if before else partitions(3)
        partitions(3, "run2")
        key = f"run1/packed/{data.draw(st.sampled_from(['1', '2', '3'] if before else ['1', '2', '3', 'index']))}"
        body = store.objects[key]
        place = data.draw(st.integers(0, len(body) - 1))
        changed = data.draw(
            st.sampled_from(sorted({*store.objects.values()} - {body}))
            | st.binary(max_size=100)
            | st.just(body[:place])
            | st.just(body[place + 1 :])
            | st.just(body + body[place:])
            | st.integers(1, 255).map(lambda mask: body[:place] + bytes([body[place] ^ mask]) + body[place + 1 :])
        )
        store.objects[key] = changed

        with suppress(PackedError):
            values = read_all(partitions(3) if found is None else found)
            assert not before
            blocks = sum(block.length for block in container.parse(key, body, len(body)).blocks)
            assert not key.endswith("index")
            assert inlined or changed.startswith(body[:blocks])
            assert values == expected(mappers)


@settings(max_examples=300)
@given(st.data())
def test_index_with_a_right_checksum_and_anything_in_it_is_read_or_refused(data: st.DataObject) -> None:
    documents = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
    index: Any = {
        "kind": "pairs",
        "run": None,
        "mapper": 1,
        "mappers": 1,
        "numReducer": 1,
        "emitted": 1,
        "written": 1,
        "combined": False,
        "blocks": [{"partition": 0, "offset": 0, "parts": [[4]], "pairs": 1, "words": 1, "ones": True, "sha256": "0" * 32}],
    }
    target = data.draw(st.sampled_from([index, index["blocks"][0]]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(documents)
    packed = compress(json.dumps(index).encode())
    tail = container._TAIL.pack(hashlib.sha256(packed).digest()[:16], len(packed), container.VERSION, container.MAGIC)
    body = b"1234" + packed + tail

    with suppress(PackedError):
        contents = container.parse("object", body, len(body))
        for block in contents.blocks:
            container.check_block("object", block, body[block.offset : block.offset + block.length])
