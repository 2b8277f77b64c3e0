"""Chunks: the text itself, cut at line ends, no word cut, none too large."""

import io
import sys
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.client.input.chunking import chunk_by_number, chunk_by_size, torn_lines
from scripts.client.input.text import LINE_ENDS

ALPHABET = "ab é日😀 \t\n\r\v\f\x1c\x1d\x1e\x1f\x85\u2028\u2029\u00a0\u2003\u3000\u200b"
TEXTS = st.lists(st.sampled_from([*ALPHABET, "\n", "\r\n", "\n\n", "ab cd", "abcdefgh"])).map("".join) | st.text()
BLOCKS = st.lists(TEXTS, max_size=8)
CUTS = st.one_of(
    st.integers(1, 40).map(lambda limit: lambda blocks: list(chunk_by_size(blocks, limit))),
    st.integers(1, 12).map(lambda number: lambda blocks: chunk_by_number(blocks, number)),
)


def words_of(chunks):
    return [word for chunk in chunks for word in chunk.split()]


def lines_of(text):
    """The lines of a text file, each with its end: newline, carriage return, or both."""
    return io.StringIO(text, newline="").readlines()


def test_line_ends_are_exactly_what_splitlines_takes_for_them():
    assert "".join(c for c in map(chr, range(sys.maxunicode + 1)) if len(f"a{c}b".splitlines()) == 2) == "".join(
        sorted(LINE_ENDS)
    )


@given(BLOCKS, CUTS)
def test_chunks_are_the_text_and_part_no_word(blocks, cut):
    text = "".join(blocks)

    chunks = cut(blocks)

    assert "".join(chunks) == text
    assert words_of(chunks) == text.split()
    assert "" not in chunks


@given(BLOCKS, CUTS)
def test_exactly_the_lines_that_lie_in_several_chunks_are_told(blocks, cut):
    chunks = cut(blocks)

    cuts = set(accumulate(map(len, chunks[:-1])))
    lines = lines_of("".join(blocks))
    ends = list(accumulate(map(len, lines)))
    assert torn_lines(chunks) == [
        number for number, end in enumerate(ends, 1) if any(cut in cuts for cut in range(end - len(lines[number - 1]) + 1, end))
    ]


@given(BLOCKS, CUTS)
def test_the_lines_of_the_chunks_are_those_of_the_text_but_for_those_told(blocks, cut):
    chunks = cut(blocks)
    torn = torn_lines(chunks)

    lines = lines_of("".join(blocks))
    whole = [line for number, line in enumerate(lines, 1) if number not in torn]
    if torn:
        pieces = iter(piece for chunk in chunks for piece in lines_of(chunk))
        assert [line for line in whole if line not in pieces] == []
    else:
        assert [line for chunk in chunks for line in chunk.splitlines()] == "".join(blocks).splitlines()


@given(BLOCKS, st.integers(1, 40))
def test_only_what_cannot_be_cut_is_larger_than_the_limit(blocks, limit):
    for chunk in chunk_by_size(blocks, limit):
        body = chunk.rstrip("".join(LINE_ENDS))
        assert len(chunk.encode()) <= limit or len(body.split()) <= 1
        assert len(chunk.encode()) <= limit or len(chunk) - len(body) <= 2


@given(TEXTS, st.integers(1, 40))
def test_only_lines_longer_than_a_chunk_are_cut(text, limit):
    lines = lines_of(text)

    torn = torn_lines(list(chunk_by_size([text], limit)))

    assert [lines[number - 1] for number in torn if len(lines[number - 1].encode()) <= limit] == []


@given(TEXTS, st.integers(1, 40))
def test_where_blocks_end_changes_nothing(text, limit):
    assert list(chunk_by_size(text, limit)) == list(chunk_by_size([text], limit))


@given(BLOCKS, st.integers(1, 12))
def test_chunks_by_number_are_no_more_than_asked_for(blocks, number):
    assert len(chunk_by_number(blocks, number)) <= number


@pytest.mark.parametrize("word", ["word", "wörd", "日本語"])
@pytest.mark.parametrize("end", [" ", "\n", "\r\n"])
@pytest.mark.parametrize("number", [1, 7, 100])
def test_chunks_by_number_are_even(word, end, number):
    sizes = [len(chunk) for chunk in chunk_by_number([f"{word}{end}" * 5000], number)]

    assert len(sizes) == number
    assert max(sizes) - min(sizes) <= 2 * len(word + end)


def test_a_chunk_is_as_large_as_the_limit_allows():
    assert list(chunk_by_size(["aa\nbb\ncc\ndd"], 7)) == ["aa\nbb\n", "cc\ndd"]


@pytest.mark.parametrize(
    ("text", "limit", "chunks"),
    [
        ("a\n\n\n\nb\n", 2, ["a\n", "\n\n", "\n", "b\n"]),
        ("\n\n\n", 1, ["\n", "\n", "\n"]),
        ("a\r\nb\r\nc", 2, ["a\r\n", "b\r\n", "c"]),
        ("a\rb\rc", 2, ["a\r", "b\r", "c"]),
        ("a\nb c\fd\n", 4, ["a\n", "b c\f", "d\n"]),
        ("a b\n", 100, ["a b\n"]),
        ("", 5, []),
        (" \n", 5, [" \n"]),
        ("x" * 50 + "\nb\n", 10, ["x" * 50 + "\n", "b\n"]),
        ("a " + "x" * 50 + " b", 10, ["a ", "x" * 50 + " ", "b"]),
        ("aa bb cc\nd\n", 4, ["aa ", "bb ", "cc\n", "d\n"]),
    ],
)
def test_cuts_by_size(text, limit, chunks):
    assert list(chunk_by_size([text], limit)) == chunks


@pytest.mark.parametrize(
    ("text", "number", "chunks"),
    [
        ("aa\nbb\ncc\ndd\n", 2, ["aa\nbb\n", "cc\ndd\n"]),
        ("aa\r\nbb\r\ncc\r\n", 2, ["aa\r\nbb\r\n", "cc\r\n"]),
        ("a\nb\n", 9, ["a\n", "b\n"]),
        ("one line of words", 2, ["one line ", "of words"]),
        ("", 3, []),
    ],
)
def test_cuts_by_number(text, number, chunks):
    assert chunk_by_number([text], number) == chunks


def test_a_long_line_is_told_once_however_often_it_is_cut():
    chunks = list(chunk_by_size(["short\n" + "word " * 20 + "\nshort\n" + "word " * 20], 20))

    assert torn_lines(chunks) == [2, 4]


def test_only_one_block_and_one_chunk_are_held():
    taken = 0

    def blocks():
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield "word " * 20

    next(iter(chunk_by_size(blocks(), 1000)))

    assert taken <= 12
