"""Every cut of small texts: no word is cut, none is there twice, none is lost."""

import csv
import io
import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.mapreduce.ranged.blocks import blocks
from runtime.mapreduce.ranged.cuts import FORMATS, WIDEST, Cuts, Records
from runtime.mapreduce.ranged.encodings import can_be_cut

LINE_BYTES = 6
"""So short that small texts have longer lines."""

texts = st.text(alphabet=" \t\n\r\x0b\x85\xa0\u2003\u2028\u3000abé漢😀", max_size=16).map(str.encode)
values = st.recursive(st.none() | st.integers() | st.text(max_size=4), lambda inner: st.lists(inner, max_size=2), max_leaves=3)
tables = st.lists(st.lists(st.text(alphabet='a",\r\n é', max_size=5), min_size=2, max_size=3), max_size=5)


def boundary(text: bytes, at: int, form: str, ahead: int) -> int:
    """As a reader finds it that sees `ahead` bytes more each time that it can't tell."""
    if at == 0 or at >= len(text):
        return min(at, len(text))
    begin, end = max(0, at - WIDEST), at
    cuts = Cuts(form, line_bytes=LINE_BYTES)
    while True:
        end = min(len(text), end + ahead)
        if (found := cuts.first(text[begin:end], at - begin, final=end == len(text))) is not None:
            return begin + found


def pieces(text: bytes, marks: list[int], form: str, ahead: int = 1) -> list[bytes]:
    """What the readers of the ranges between the marks take."""
    edges = [boundary(text, at, form, ahead) for at in sorted({0, *marks, len(text)})]
    assert edges == sorted(edges)
    return [text[a:b] for a, b in pairwise(edges)]


@pytest.mark.parametrize("form", FORMATS)
@given(text=texts, ahead=st.integers(1, 40))
def test_boundary_is_the_same_however_far_its_reader_sees(form: str, text: bytes, ahead: int) -> None:
    for at in range(len(text) + 1):
        assert boundary(text, at, form, ahead) == boundary(text, at, form, len(text) + 1)


@settings(max_examples=50)
@given(text=texts)
def test_ranges_between_any_two_cuts_have_the_words_of_the_text(text: bytes) -> None:
    words = text.decode().split()

    for a in range(len(text) + 1):
        for b in range(a, len(text) + 1):
            assert [word for piece in pieces(text, [a, b], "text") for word in piece.decode().split()] == words


@pytest.mark.parametrize("form", ["text", "lines"])
@given(text=texts)
def test_ranges_of_one_byte_each_have_the_words_of_the_text(form: str, text: bytes) -> None:
    found = pieces(text, list(range(len(text))), form)

    assert b"".join(found) == text
    assert [word for piece in found for word in piece.decode().split()] == text.decode().split()


@given(text=texts, marks=st.lists(st.integers(0, 60), max_size=6))
def test_ranges_have_the_lines_of_the_text(text: bytes, marks: list[int]) -> None:
    def lines(piece: bytes) -> list[str]:
        return list(io.StringIO(piece.decode(), newline=None))

    found = pieces(text, [mark for mark in marks if mark <= len(text)], "lines")

    assert [line for piece in found for line in lines(piece)] == lines(text)


@given(records=st.lists(values, max_size=6), end=st.sampled_from(["\n", "\r\n"]), data=st.data())
def test_ranges_have_the_records_of_json_lines(records: list[object], end: str, data: st.DataObject) -> None:
    text = "".join(json.dumps(record, ensure_ascii=False) + end for record in records).encode()
    marks = data.draw(st.lists(st.integers(0, len(text)), max_size=6))

    found = pieces(text, marks, "jsonl")

    assert [json.loads(line) for piece in found for line in piece.decode().split("\n") if line] == records


def table_text(table: list[list[str]], end: str) -> bytes:
    written = io.StringIO(newline="")
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL  # else Python 3.11 leaves "\r" without quotes
    csv.writer(written, lineterminator=end, quoting=quoting).writerows(table)
    return written.getvalue().encode()


@given(table=tables, limit=st.integers(1, 30), part=st.integers(1, 9), end=st.sampled_from(["\r\n", "\n", "\r"]))
def test_blocks_of_csv_have_its_records_though_fields_have_line_ends(
    table: list[list[str]], limit: int, part: int, end: str
) -> None:
    text = table_text(table, end)

    found = list(blocks(in_parts(text, part), Records(), 0, limit))

    read = [record for _, body in found for record in csv.reader(io.StringIO(body.decode(), newline=""))]
    assert read == table


@pytest.mark.parametrize("form", FORMATS)
@given(text=texts, limit=st.integers(1, 30), part=st.integers(1, 9), offset=st.integers(0, 5))
def test_blocks_are_the_text_and_cut_no_word(form: str, text: bytes, limit: int, part: int, offset: int) -> None:
    found = list(blocks(in_parts(text, part), Cuts(form, line_bytes=LINE_BYTES), offset, limit))

    at = offset
    for begin, body in found:
        assert begin == at
        assert body
        at += len(body)
    assert b"".join(body for _, body in found) == text
    assert [word for _, body in found for word in body.decode().split()] == text.decode().split()


def in_parts(text: bytes, size: int) -> list[bytes]:
    return [text[i : i + size] for i in range(0, len(text), size)]


def test_blocks_end_with_lines_and_are_no_larger_than_asked() -> None:
    text = b"".join(b"line %d\n" % i for i in range(1000))

    found = [body for _, body in blocks(in_parts(text, 700), Cuts("lines"), 0, 100)]

    assert all(body.endswith(b"\n") and len(body) <= 100 for body in found)
    assert len(found) < 110


def test_record_without_end_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match="what begins at byte 3 goes on for more than 50 bytes"):
        list(blocks([b"{}\n" + b"1" * 100, b"\n"], Cuts("jsonl"), 0, 10, 50))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-7", "shift_jis", "cp037", "rot13", "hex"])
def test_text_is_not_cut_where_an_ascii_byte_may_be_a_part_of_another_character_or_there_is_no_text(encoding: str) -> None:
    assert not can_be_cut(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "cp1252", "koi8-r"])
def test_text_is_cut_as_it_lies_in_utf_8_and_encodings_of_one_byte_each(encoding: str) -> None:
    assert can_be_cut(encoding)


@pytest.mark.parametrize(("line", "cut"), [(b"a bcd\n", 6), (b"a bcde\n", 2)])
def test_line_of_the_greatest_length_is_cut_at_its_end_and_a_longer_one_at_whitespace(line: bytes, cut: int) -> None:
    assert Cuts("text", line_bytes=6).first(line + b"and so on", 0, final=True) == cut


@pytest.mark.parametrize(
    ("form", "window", "cut"),
    [("text", b"a b\nc d", 4), ("text", b"a b\rc d", 4), ("text", b"a b", 2), ("lines", b"a b\rc d", 4), ("lines", b"a b", None)],
)
def test_last_cut_is_after_a_line_if_there_is_one_and_else_after_a_word_of_plain_text(
    form: str, window: bytes, cut: int | None
) -> None:
    assert Cuts(form).last(window, len(window)) == cut
