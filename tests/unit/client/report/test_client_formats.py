"""Results as files: what is written comes back as it was."""

import csv
import io
import json
import sys
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scripts.client.errors import ClientError, UsageError
from scripts.client.report import formats, output

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
RESULTS = st.dictionaries(st.text(), VALUES, max_size=8)

HOSTILE = {
    '"': '"',
    "\n": "a\r\nb",
    "\t": "\t",
    ",": ",,",
    "=1+1": "@x",
    "": "",
    " ": " ",
    "\ufeff": 1,
    "\x00": 2,
    "'": -1,
    "\u2028": 0,
}


def written(result, name):
    with mock.patch.object(formats, "BLOCK_WORDS", 3):
        return b"".join(output.to_blocks(result, form=formats.format_of(name)))


@given(RESULTS)
def test_json_is_what_json_dumps_writes(counts):
    assert written(counts, "a.json") == (json.dumps(counts, ensure_ascii=False, sort_keys=True, indent=2) + "\n").encode()


@given(RESULTS)
@example(HOSTILE)
def test_each_json_line_is_a_word_with_its_value(counts):
    lines = written(counts, "a.jsonl").decode().split("\n")

    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == [[word, counts[word]] for word in sorted(counts)]


@pytest.mark.parametrize(("name", "dialect"), [("a.csv", "excel"), ("a.tsv", "excel-tab")])
@given(counts=RESULTS)
@example(counts=HOSTILE)
def test_tables_are_read_back_by_pythons_csv(name, dialect, counts):
    text = io.StringIO(written(counts, name).decode(), newline="")

    rows = list(csv.reader(text, dialect))

    assert rows[0] == ["word", "value"]
    assert {word: value if isinstance(counts[word], str) else json.loads(value) for word, value in rows[1:]} == counts


def test_a_cell_is_quoted_only_where_it_must_be():
    assert written({"a": 1, "b,": [1, "x"], 'c"': "=1"}, "a.csv") == (b'word,value\r\na,1\r\n"b,","[1,""x""]"\r\n"c""",=1\r\n')


@pytest.mark.parametrize("name", ["a.JSON", "a", "/dev/stdout", ".csv"])
def test_a_name_without_another_ending_means_json(name):
    assert formats.format_of(name) is formats.json_blocks


def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(UsageError, match=r"ending \.xlsx is unknown; known are \.json \.jsonl \.csv \.tsv \.parquet"):
        output.check_output(str(tmp_path / "a.xlsx"))


def test_parquet_is_refused_where_pyarrow_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(UsageError, match=r"-m pip install pyarrow; or choose another ending"):
        output.check_output(str(tmp_path / "a.parquet"))


def test_what_is_no_table_of_words_is_written_as_json_alone():
    assert written([1], "a.json") == b"[\n  1\n]\n"
    with pytest.raises(ClientError, match=r"no table of words; choose the ending \.json"):
        written([1], "a.csv")
