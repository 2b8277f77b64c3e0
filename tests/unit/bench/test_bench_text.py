"""The texts to measure with: the same for everybody, and like English where that matters."""

from collections import Counter
from itertools import pairwise

import pytest

from scripts.bench import text


@pytest.fixture(scope="module")
def megabyte() -> str:
    return "".join(text.zipf(1.0, seed=7))


def test_same_seed_gives_the_same_text_and_another_one_another(megabyte: str) -> None:
    assert "".join(text.zipf(1.0, seed=7)) == megabyte
    assert "".join(text.zipf(1.0, seed=8)) != megabyte


def test_a_text_of_a_seed_stays_what_it_is() -> None:
    assert "".join(text.zipf(0.0001, seed=0)).split()[:6] == ["mewiaahe", "ias", "rogmnn", "ieonsaredl", "ceh", "duci"]


@pytest.mark.parametrize("megabytes", [0.0001, 0.12, 0.5])
def test_size_is_reached_to_within_a_word(megabytes: float) -> None:
    size = len("".join(text.zipf(megabytes)))

    assert 0 <= megabytes * text.MEGABYTE - size < 40


def test_a_smaller_text_is_the_beginning_of_a_larger_one(megabyte: str) -> None:
    smaller = "".join(text.zipf(0.3, seed=7))

    assert megabyte.startswith(smaller.rstrip("\n"))


def test_words_and_lines_are_as_long_as_in_english(megabyte: str) -> None:
    assert len(megabyte) / len(megabyte.split()) == pytest.approx(5.3, abs=0.3)
    assert len(megabyte) / megabyte.count("\n") == pytest.approx(80, abs=4)
    assert megabyte.endswith("\n")


def test_frequencies_fall_as_zipf_says(megabyte: str) -> None:
    counts = [number for _, number in Counter(megabyte.split()).most_common(1000)]

    for rank in (10, 100):
        assert counts[rank - 1] / counts[10 * rank - 1] == pytest.approx(10, rel=0.4)
    assert 20_000 < len(set(megabyte.split())) < 40_000


def test_frequent_words_are_short(megabyte: str) -> None:
    ranked = [word for word, _ in Counter(megabyte.split()).most_common()]
    lengths = [
        sum(map(len, ranked[begin:end])) / (end - begin) for begin, end in ((0, 30), (30, 300), (300, 3000), (3000, 20000))
    ]

    assert all(shorter < longer for shorter, longer in pairwise(lengths))


def test_one_word_comes_as_often_as_asked_for() -> None:
    assert Counter(word for block in text.one_word(200_001) for word in block.split()) == {"the": 200_001}


def test_distinct_words_are_distinct_unsorted_and_of_one_length() -> None:
    words = [word for block in text.distinct(200_001) for word in block.split()]

    assert len(words) == len(set(words)) == 200_001
    assert {len(word) for word in words} == {14}
    assert words != sorted(words)


def test_more_distinct_words_than_there_are_is_refused() -> None:
    with pytest.raises(ValueError, match="11,881,379 different words"):
        next(text.distinct(20_000_000))


def test_command_writes_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert text.main(["--megabytes", "0.001", "--seed", "3"]) == 0

    assert capsys.readouterr().out == "".join(text.zipf(0.001, 3))


def test_command_needs_one_kind(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        text.main(["--one-word", "3", "--distinct", "3"])

    assert "not allowed with" in capsys.readouterr().err
