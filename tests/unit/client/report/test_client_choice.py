"""Which words are shown and written, and in what order."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.client.report.choice import ALL, TABLE_ROWS, Choice

COUNTS = {"b": 2, "a": 2, "c": 9, "d": 1}

NUMBERS = st.integers(0, 3) | st.floats(0, 3)
ANY = NUMBERS | st.none() | st.booleans() | st.text(max_size=1) | st.lists(st.integers(), max_size=1)


def for_table(choice, counts):
    return choice.for_table(counts, choice.matching(counts))


def for_file(choice, counts):
    return choice.for_file(counts, choice.matching(counts))


def test_without_options_the_table_is_by_value_and_the_file_by_word():
    assert for_table(ALL, COUNTS) == ["c", "a", "b", "d"]
    assert for_file(ALL, COUNTS) == ["a", "b", "c", "d"]


def test_top_alone_cuts_the_table_and_not_the_file():
    choice = Choice(top=2)

    assert for_table(choice, COUNTS) == ["c", "a"]
    assert for_file(choice, COUNTS) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(("sort", "words"), [("key", ["a", "b"]), ("value", ["c", "a"])])
def test_with_an_order_top_cuts_table_and_file_alike(sort, words):
    choice = Choice(sort, top=2)

    assert for_table(choice, COUNTS) == for_file(choice, COUNTS) == words


def test_an_order_alone_leaves_all_words_in_the_file():
    counts = {str(number): number for number in range(50)}

    assert len(for_table(Choice("value"), counts)) == TABLE_ROWS
    assert len(for_file(Choice("value"), counts)) == 50


def test_a_filter_leaves_words_in_which_it_is_found():
    choice = Choice(filter=re.compile("^[ab]"))

    assert for_table(choice, COUNTS) == for_file(choice, COUNTS) == ["a", "b"]


def test_what_is_no_number_comes_last_by_value():
    counts = {"a": True, "b": "text", "c": None, "d": -5, "e": 0.5}

    assert for_table(ALL, counts) == ["e", "d", "a", "b", "c"]


@given(st.dictionaries(st.text(max_size=2), ANY, max_size=20), st.none() | st.integers(0, 25))
def test_by_value_is_the_greatest_first_and_then_by_word(counts, top):
    def place(word):
        value = counts[word]
        return (-value if type(value) in (int, float) else float("inf"), word)

    assert for_file(Choice("value", top), counts) == sorted(counts, key=place)[:top]


@given(st.dictionaries(st.text(max_size=2), NUMBERS, max_size=20), st.integers(0, 25))
def test_the_first_words_are_those_of_the_whole_order(counts, top):
    assert for_table(Choice(top=top), counts) == for_file(Choice("value"), counts)[:top]
