"""Results as Parquet files, read back by pyarrow."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from scripts.client.report import output
from scripts.client.report.formats import format_of

INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def read_back(counts):
    blocks = output.to_blocks(counts, form=format_of("a.parquet"))
    return parquet.read_table(io.BytesIO(b"".join(blocks)))


def pairs(table):
    return dict(zip(table["word"].to_pylist(), table["value"].to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("values", "kind"),
    [(INTEGERS, "int64"), (INTEGERS | FLOATS, "double"), (st.booleans(), "bool"), (st.text(), "string")],
)
@given(data=st.data())
def test_words_and_values_of_one_kind_come_back(values, kind, data):
    counts = data.draw(st.dictionaries(st.text(), values | st.none(), min_size=1, max_size=8))

    table = read_back(counts)

    assert pairs(table) == counts
    assert str(table.schema.field("value").type) in (kind, "int64", "string")


def test_values_of_several_kinds_are_json_text():
    assert pairs(read_back({"a": [1, "é"], "b": "x", "c": 1, "d": None})) == {"a": '[1,"é"]', "b": '"x"', "c": "1", "d": "null"}


def test_no_words_are_an_empty_table():
    assert read_back({}).num_rows == 0


def test_a_large_result_comes_in_row_groups(monkeypatch):
    monkeypatch.setattr("scripts.client.report.parquet._ROW_GROUP", 2)
    counts = {str(number): number for number in range(5)}

    blocks = list(output.to_blocks(counts, form=format_of("a.parquet")))

    assert len(blocks) == 4
    assert parquet.ParquetFile(io.BytesIO(b"".join(blocks))).metadata.num_row_groups == 3
