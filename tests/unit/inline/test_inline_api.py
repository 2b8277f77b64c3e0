"""`run` and `run_job`, as notebooks and tests of jobs call them."""

import csv
import io
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.mapreduce import Source, count, emit, param
from scripts.inline import run, run_job
from scripts.inline.chunks import spread
from tests.unit.inline.conftest import MakeJob

TEXT = "to be or\nnot to be\n"
COUNTS = {"be": 2, "not": 1, "or": 1, "to": 2}


def words(text: str) -> None:
    for word in text.split():
        emit(word)


def total(word: str, ones: Any) -> int:
    return sum(ones)


def test_input_may_be_a_text_a_file_a_folder_or_the_texts_of_the_mappers(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT)

    assert run(words, total, TEXT) == COUNTS
    assert run(words, total, tmp_path / "a.txt") == COUNTS
    assert run(words, total, tmp_path) == COUNTS
    assert run(words, total, [tmp_path / "a.txt", tmp_path]) == {word: 2 * number for word, number in COUNTS.items()}
    assert run(words, total, ["to be or not", " to be"]) == COUNTS
    assert run(words, total, []) == {}


def test_list_of_texts_has_a_mapper_for_each_and_a_text_several() -> None:
    def texts(text: str) -> Any:
        yield "texts", [text]

    def joined(word: str, lists: Any) -> Any:
        return [text for each in lists for text in each]

    assert run(texts, joined, ["a b", "c"]) == {"texts": ["a b", "c"]}
    assert run(texts, joined, TEXT) == {"texts": ["to be or\n", "not to be\n"]}


def test_combiner_that_is_no_sum_shows_a_wrong_result() -> None:
    def values(text: str) -> Any:
        return (("all", int(value)) for value in text.split())

    def mean(word: str, numbers: Any) -> float:
        return sum(numbers) / len(numbers)

    texts = ["1 2 3", "10"]
    assert run(values, mean, texts) == {"all": 4}
    assert run(values, mean, texts, user_combine=mean) == {"all": 6}
    assert run(values, mean, texts, user_combine=mean, shuffle="objects") == {"all": 4}


def test_params_source_and_counters() -> None:
    def user_map(text: str, source: Source) -> Any:
        count("texts")
        yield param("word"), source.offset

    result = run(user_map, lambda word, offsets: list(offsets), TEXT, params={"word": "at"})

    assert result == {"at": [0, 9]}
    assert result.counters == {"texts": 2}


def test_error_is_the_functions_own() -> None:
    def fails(text: str) -> None:
        raise LookupError(text)

    with pytest.raises(LookupError, match="mine"):
        run(fails, total, "mine")


def test_jobs_one_after_the_other_have_their_own_modules(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job()

    assert run_job(job, job / "input.txt") == {"a": 4, "b": 7, "c": 4}
    (job / "user_reduce.py").write_text("def user_reduce(word, values):\n    return max(values)\n")
    assert run_job(job, "a 1\na 3\n", num_reducer=1, shuffle="objects") == {"a": 3}

    assert not {"user_map", "user_reduce"} & sys.modules.keys()
    assert not (job / "__pycache__").exists()
    assert str(job) not in sys.path
    assert run(words, total, TEXT) == COUNTS


@given(st.text(st.sampled_from('ab, "\n\ré'), max_size=60), st.booleans(), st.integers(1, 6))
def test_spread_pieces_are_the_text_in_whole_lines_with_their_offsets(text: str, is_csv: bool, least: int) -> None:
    pieces = spread([{"text": text, "name": "a.txt", "offset": 7, "format": "csv" if is_csv else "text"}], least)

    assert "".join(piece["text"] for piece in pieces) == text
    encoded = text.encode()
    for piece in pieces:
        assert encoded[piece["offset"] - 7 :].startswith(piece["text"].encode())
    for piece in pieces[:-1]:
        assert piece["text"].endswith(("\n", "\r"))
    assert not is_csv or [row for piece in pieces for row in _rows(piece["text"])] == _rows(text)


def _rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@given(
    st.lists(st.sampled_from(["to", "be", "é", "a/b"]), max_size=30), st.integers(1, 5), st.sampled_from(["packed", "objects"])
)
def test_wordcount_is_the_counter_whatever_the_cuts_and_reducers(many: list[str], num_reducer: int, shuffle: str) -> None:
    text = "\n".join(many)

    assert run(words, total, text, num_reducer=num_reducer, shuffle=shuffle) == Counter(many)
