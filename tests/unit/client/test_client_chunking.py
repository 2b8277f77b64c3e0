"""Chunks: the same words in the same order, none cut, none too large."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.client.chunking import _BLANK, chunk_by_number, chunk_by_size

TEXTS = st.text(alphabet=st.sampled_from("ab é日😀\t\n\x1c\x85\u00a0\u2003\u3000\u200b")) | st.text()
WORDS = st.lists(TEXTS, max_size=8)


def words_of(chunks):
    return [word for chunk in chunks for word in chunk.split()]


def test_whitespace_is_exactly_what_split_takes_for_it():
    assert [c for c in map(chr, range(sys.maxunicode + 1)) if bool(_BLANK.match(c)) != c.isspace()] == []


@given(WORDS, st.integers(1, 40))
def test_chunks_by_size_keep_all_words_in_order_and_stay_below_the_limit(blocks, limit):
    chunks = list(chunk_by_size(blocks, limit))

    assert words_of(chunks) == "".join(blocks).split()
    assert [c for c in chunks if len(c.encode()) > limit and len(c.split()) != 1] == []
    assert [c for c in chunks if not c or c != c.strip()] == []


@given(TEXTS, st.integers(1, 40))
def test_where_blocks_end_changes_nothing(text, limit):
    assert list(chunk_by_size(text, limit)) == list(chunk_by_size([text], limit))


@given(WORDS, st.integers(1, 12))
def test_chunks_by_number_keep_all_words_and_are_no_more_than_asked_for(blocks, number):
    chunks = chunk_by_number(blocks, number)

    assert words_of(chunks) == "".join(blocks).split()
    assert len(chunks) <= number


@pytest.mark.parametrize("word", ["word", "wörd", "日本語"])
@pytest.mark.parametrize("number", [1, 7, 100])
def test_chunks_by_number_are_even(word, number):
    sizes = [len(chunk) for chunk in chunk_by_number([f"{word} " * 5000], number)]

    assert len(sizes) == number
    assert max(sizes) - min(sizes) <= 2 * len(word) + 2


def test_a_chunk_is_as_large_as_the_limit_allows():
    assert list(chunk_by_size(["aa bb cc dd"], 5)) == ["aa bb", "cc dd"]


def test_the_text_between_words_stays_as_it_is():
    assert list(chunk_by_size(["  to be,\n  or not \n"], 100)) == ["to be,\n  or not"]


def test_a_word_longer_than_the_limit_gets_its_own_chunk():
    assert list(chunk_by_size(["a " + "x" * 50 + " b"], 10)) == ["a", "x" * 50, "b"]


def test_only_one_block_and_one_chunk_are_held():
    taken = 0

    def blocks():
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield "word " * 20

    next(iter(chunk_by_size(blocks(), 1000)))

    assert taken <= 12
