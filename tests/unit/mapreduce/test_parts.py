"""A result as parts in S3, over objects in memory: what the reducers write, and what summary makes of it."""

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.mapper import mapper
from functions.partition.partition import lambda_handler as partition
from functions.reducer.reducer import lambda_handler as reducer
from functions.summary.summary import lambda_handler as summary
from runtime.mapreduce.manifest import OutputError
from runtime.mapreduce.parts import write_part
from runtime.mapreduce.values import canonical
from runtime.ports import ports
from runtime.run import Run, within
from tests.fakes.limits import limit
from tests.fakes.round_trip import LAYOUTS, in_memory

OUTPUT = "s3://results/counts/"

VALUES = st.none() | st.booleans() | st.integers(-9, 9) | st.text() | st.lists(st.floats(allow_nan=False, allow_infinity=False))
HOSTILE = ["/", "%", "&", "!", "a b", "\n", "\r", '"', "\\", "\u2028", "\x85", "", ".", "é", "日本", "😀", "\ufffe", "x" * 600]

Store = Callable[[str], bytes]


def stored(name: str) -> bytes:
    found = ports().s3.get("results", f"counts/{name}")
    assert found is not None, f"{name} is not there"
    return found


def lines(body: bytes) -> list[Any]:
    return [json.loads(line) for line in body.decode().split("\n")[:-1]]


def run(texts: list[str], layout: str, num_reducer: int = 3) -> list[dict[str, Any]]:
    """A run of word count whose result goes to S3."""
    job = {"output": OUTPUT}
    common = {"destination": "shuffle", "numReducer": num_reducer, "shuffle": layout, "job": job}
    mapped = []
    for index, text in enumerate(texts, 1):
        with within(Run("run1", index, len(texts))):
            mapped.append(mapper.lambda_handler({"text": text, **common}, None))
    with within(Run("run1")):
        reduced = [reducer(part, None) for part in partition(mapped, None)]
        assert ports().s3.get("results", "counts/_SUCCESS") is None
        finished: list[dict[str, Any]] = summary(reduced, None)  # type: ignore[assignment]
        return finished


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_run_writes_sorted_parts_a_manifest_and_its_sign(layout: str) -> None:
    texts = [" ".join(["to", "be", *HOSTILE]), "to be or not to be"]
    expected = {word: " ".join(texts).split().count(word) for word in " ".join(texts).split()}
    with in_memory():
        records = run(texts, layout)

        parts = [lines(stored(record["part"].removeprefix(OUTPUT))) for record in records]
        assert dict(pair for part in parts for pair in part) == expected
        assert all(part == sorted(part, key=lambda pair: pair[0]) for part in parts)
        assert json.loads(stored("manifest.json")) == {
            "run": "run1",
            "words": len(expected),
            "bytes": sum(record["bytes"] for record in records),
            "parts": [record | {"part": record["part"].removeprefix(OUTPUT)} for record in records],
        }
        assert stored("_SUCCESS") == b""
        for record in records:
            body = stored(record["part"].removeprefix(OUTPUT))
            assert (record["bytes"], record["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_empty_result_has_an_empty_part_a_manifest_and_its_sign(layout: str) -> None:
    with in_memory():
        (record,) = run(["", " "], layout)

        assert (record["part"], record["words"], record["bytes"]) == (f"{OUTPUT}part-00000.jsonl", 0, 0)
        assert stored("part-00000.jsonl") == stored("_SUCCESS") == b""
        assert json.loads(stored("manifest.json"))["words"] == 0


def write(values: dict[str, Any], *, are_sorted: bool = False) -> dict[str, Any]:
    return write_part(OUTPUT, "reducer12/", values.items(), lambda _, value: value, are_sorted=are_sorted)


@given(values=st.dictionaries(st.text() | st.sampled_from(HOSTILE), VALUES))
@example(values=dict.fromkeys(HOSTILE, "\n\r\u2028"))
def test_each_word_is_a_line_in_order_of_the_words_however_small_the_memory_is(values: dict[str, Any]) -> None:
    with in_memory():
        limit(sorted_bytes=700, put_away_bytes=20, part_block_bytes=20, single_put_bytes=100)
        record = write(values)

        assert lines(stored("part-00012.jsonl")) == [[word, canonical(values[word])] for word in sorted(values)]
        assert record["words"] == len(values)


def test_words_that_are_said_to_be_in_order_and_are_not_fail_the_reducer() -> None:
    with in_memory():
        with pytest.raises(ValueError, match="'a' comes after 'b'"):
            write({"b": 1, "a": 1}, are_sorted=True)

        assert ports().s3.get("results", "counts/part-00012.jsonl") is None


def test_a_reducer_that_runs_again_writes_the_same() -> None:
    with in_memory():
        first, body = write({"b": 1, "a": 2}), stored("part-00012.jsonl")

        assert write({"a": 2, "b": 1}) == first
        assert stored("part-00012.jsonl") == body


def test_a_full_disk_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda prefix: Path("/dev/full").open("r+b", buffering=0))  # noqa: SIM115
    limit(spooled_bytes=0)

    with (
        in_memory(),
        pytest.raises(OSError, match="the result of reducer12/ does not fit the function's disk; use more reducers"),
    ):
        write({"a": 1})


@pytest.mark.parametrize("are_sorted", [False, True])
@pytest.mark.parametrize("error", [FileNotFoundError(2, "No such file", "stopwords.txt"), StopIteration("mine")])
def test_an_error_of_the_reduce_stays_what_it_is(error: Exception, are_sorted: bool) -> None:
    def reduce(word: str, values: Any) -> Any:
        raise error

    with in_memory(), pytest.raises(type(error)) as raised:
        write_part(OUTPUT, "reducer12/", [("a", 1)], reduce, are_sorted=are_sorted)

    assert raised.value is error


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda: ports().s3.delete("results", "counts/part-00012.jsonl"), "is not there any more"),
        (lambda: ports().s3.put("results", "counts/part-00012.jsonl", b"["), "has 1 bytes, and 8 were written"),
        (lambda: ports().s3.put("results", "counts/part-00007.jsonl", b""), "part-00007.jsonl was not written by this run"),
    ],
)
def test_parts_that_are_not_as_they_were_written_leave_no_sign(spoil: Callable[[], None], told: str) -> None:
    with in_memory():
        record = write({"a": 1})
        spoil()

        with pytest.raises(OutputError, match=told):
            summary([[record]], None)

        assert ports().s3.get("results", "counts/_SUCCESS") is None


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ([[{"part": "s3://results/a/part-00000.jsonl"}]], "has no record of a part"),
        ([[], {"a": 1}], "reducer output 2 is no list of parts"),
        ([{"a": 1}, []], "reducer output 2 is not an object"),
        ([[]], "0 prefixes"),
    ],
)
def test_summary_refuses_what_no_reducer_returns(event: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        summary(event, None)


def test_summary_refuses_parts_of_two_outputs_and_one_part_twice() -> None:
    with in_memory():
        record = write({"a": 1})
        other = record | {"part": "s3://results/others/part-00012.jsonl"}

        with pytest.raises(ValueError, match="below 2 prefixes"):
            summary([[record], [other]], None)
        with pytest.raises(ValueError, match="two reducers wrote the same part"):
            summary([[record], [record]], None)
