"""The records of a text, by its format."""

import pytest

from runtime.mapreduce import Source, records


def test_lines_come_without_their_ends() -> None:
    assert list(records("a\r\nb\rc\x0cd\u2028e\n\nf", Source("a.txt", format="lines"))) == ["a", "b", "c\x0cd\u2028e", "", "f"]


def test_json_lines_come_as_values() -> None:
    assert list(records('{"a": 1}\n\n[2]\r\n"\u2028"', Source("a.jsonl", format="jsonl"))) == [{"a": 1}, [2], "\u2028"]


def test_csv_comes_as_dicts_by_its_columns() -> None:
    found = list(records('1,"a\nb"\n\n2,c', Source("a.csv", format="csv", header=("n", "t"))))

    assert found == [{"n": "1", "t": "a\nb"}, {"n": "2", "t": "c"}]


def test_csv_without_columns_comes_as_lists() -> None:
    assert list(records("1,a\n2\n", Source("a.csv", format="csv"))) == [["1", "a"], ["2"]]


def test_line_that_is_no_json_is_told_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"logs/é.jsonl has a line at byte 107 that is no JSON .*: \{oops"):
        list(records('"é"\n\n{oops\n', Source("logs/é.jsonl", 101, "jsonl")))


def test_record_with_another_number_of_fields_is_told() -> None:
    with pytest.raises(ValueError, match=r"record 2 of the CSV of a.csv from byte 9 on has 3 fields, not 2: 3,4,5"):
        list(records("1,2\n3,4,5\n", Source("a.csv", 9, "csv", ("x", "y"))))


def test_field_may_be_longer_than_python_takes_by_itself() -> None:
    long = "a" * 200_000

    assert list(records(f"{long},b\n", Source("a.csv", format="csv"))) == [[long, "b"]]
