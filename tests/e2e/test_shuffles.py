"""Both layouts of the shuffle in every orchestration, on one deployment of each: always the bytes that one process makes."""

import json
from collections import Counter

import pytest

from scripts.client.report.output import to_bytes
from tests.e2e.conftest import Written
from tests.e2e.test_wordcount import tiny_chunks
from tests.fakes.books import book

HOSTILE = (
    [
        "and/or",
        "//",
        "/",
        "..",
        ".",
        "100%",
        "%2F",
        "%",
        "%~",
        "a\x01b",
        "he’ll",
        "日本語",
        "👩\u200d👩\u200d👧",
        "x" * 3000,
        "é" * 700,
        "back\\slash",
        "{}",
        "[red]",
        "*",
        "?",
        "#",
        "&",
        "<a>",
        '"',
        "'",
        "+",
        "=",
        "a+b",
        "~",
        "reducer0",
        "-",
        "--help",
        "\ufffe",
    ]
) * 2
BOOK = book(700) + " ".join(HOSTILE) + "\n" + book(300, seed=2)


def counted(text: str) -> bytes:
    """What the client writes for the words of a text."""
    return to_bytes(Counter(text.split()))


def test_book_with_hostile_words(written: Written) -> None:
    assert written(BOOK, "--chunks", "4", "--num-reducer", "5") == counted(BOOK)


def test_input_of_blanks(written: Written) -> None:
    assert written(json.dumps(["  ", "\n", "\t "])) == counted("")


def test_more_reducers_than_words(written: Written) -> None:
    assert written("to be or not to be", "--num-reducer", "50") == counted("to be or not to be")


@pytest.mark.parametrize("shuffle", ["packed"], indirect=True)
def test_empty_input(written: Written) -> None:
    assert written("[]") == counted("")


@pytest.mark.parametrize("shuffle", ["packed"], indirect=True)
def test_two_hundred_chunks_and_sixty_four_reducers(written: Written) -> None:
    chunks, expected = tiny_chunks(200)

    assert written(chunks, "--num-reducer", "64") == to_bytes(expected)
