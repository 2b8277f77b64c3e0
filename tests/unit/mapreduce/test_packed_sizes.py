"""How large a packed object's frames are, and how much memory the pairs that wait for one are taken to need."""

from collections.abc import Callable
from sys import getsizeof
from typing import Any

import pytest

from runtime.mapreduce.packed.frames import Runs, decode_frame, encode_frames, frame_bytes
from runtime.mapreduce.packed.pairs import Pairs

TWELVE = [f"{number:02}" for number in range(12)]


@pytest.mark.parametrize(
    ("mappers", "size"), [(0, 32768), (1, 32768), (256, 32768), (257, 32640), (2047, 4098), (2048, 4096), (9999, 4096)]
)
def test_all_mappers_frames_together_fit_into_a_reader(mappers: int, size: int) -> None:
    assert frame_bytes(mappers) == size


@pytest.mark.parametrize(
    ("words", "runs", "size", "frames"),
    [
        # A word of two letters weighs 10, and one with a list of values 8 for each of the list's numbers.
        (TWELVE, [1] * 12, 120, [12]),
        (TWELVE, [1] * 12, 119, [6, 6]),
        (TWELVE, [1] * 12, 40, [4, 4, 4]),
        (TWELVE, [1] * 12, 39, [3, 3, 3, 3]),
        (TWELVE[:4], [[2, 1]] * 4, 72, [4]),
        (TWELVE[:4], [[2, 1]] * 4, 71, [3, 1]),
        (TWELVE[:4], [[2, 1]] * 4, 36, [2, 2]),
        (TWELVE[:4], [[2, 1]] * 4, 35, [1, 1, 1, 1]),
        (TWELVE[:4], [1, 1, [2, 1], 1], 38, [3, 1]),
        # What is larger than it was taken for is halved: JSON escapes these characters.
        ([letter + "\x01" * 9 for letter in "abcd"], [1] * 4, 72, [2, 2]),
        ([letter + "\x01" * 19 for letter in "abcd"], [1] * 4, 112, [1, 1, 1, 1]),
    ],
)
def test_words_are_cut_into_frames(words: list[str], runs: list[Runs], size: int, frames: list[int]) -> None:
    found = [decode_frame(frame, ones=False) for frame in encode_frames(words, runs, size)]

    assert [len(some) for some, _ in found] == frames
    assert [word for some, _ in found for word in some] == words


@pytest.mark.parametrize(
    ("value", "size", "frames"),
    [(2, 32, [2, 2, 2]), (2, 48, [3, 3]), (2, 15, [1] * 6), (2, 200, [6]), ("x" * 30, 32, [1] * 6), ("x" * 10, 32, [2, 2, 2])],
)
def test_values_of_one_word_are_cut_into_frames(value: Any, size: int, frames: list[int]) -> None:
    runs = [each for number in range(6) for each in (value, number + 1)]

    found = [decode_frame(frame, ones=False)[1][0] for frame in encode_frames(["w"], [runs], size)]

    assert [len(some) // 2 for some in found if isinstance(some, list)] == frames
    assert [each for some in found if isinstance(some, list) for each in some] == runs


NEW_WORD, LIST, RUN, NUMBER = 120, 100, 24, 32
WORD = getsizeof("word")


@pytest.mark.parametrize(
    ("add", "grows"),
    [
        (lambda pairs: pairs.add("word", 1), WORD + NEW_WORD),
        (lambda pairs: pairs.add("seen", 1), 0),
        (lambda pairs: pairs.add("word", 2), WORD + NEW_WORD + LIST + RUN + NUMBER),
        (lambda pairs: pairs.add("seen", 2), LIST + RUN + NUMBER),
        (lambda pairs: pairs.add("runs", 2), 0),
        (lambda pairs: pairs.add("runs", 2.5), RUN + NUMBER),
        (lambda pairs: pairs.add("runs", "text"), RUN + getsizeof("text")),
        (lambda pairs: pairs.add("runs", [1, "text"]), RUN + getsizeof([1, "text"]) + NUMBER + getsizeof("text")),
        (lambda pairs: pairs.add("runs", {"text": 1}), RUN + getsizeof({"text": 1}) + NUMBER + getsizeof("text")),
        (lambda pairs: pairs.add("runs", None), RUN + getsizeof(None)),
        (lambda pairs: pairs.add_counts({"seen": 5}), 0),
        (lambda pairs: pairs.add_counts({"word": 5, "four": 1, "seen": 1}), 2 * (NEW_WORD + WORD)),
        (lambda pairs: pairs.add_counts({"runs": 5}), RUN + NUMBER),
    ],
)
def test_pairs_tell_what_they_take(add: Callable[[Pairs], None], grows: int) -> None:
    pairs = Pairs()
    pairs.add("seen", 1)
    pairs.add("runs", 2)
    before = pairs.size

    add(pairs)

    assert pairs.size - before == grows


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (2, 2, True),
        (2, 3, False),
        (1, True, False),
        (2, 2.0, False),
        (0.0, 0.0, True),
        (0.0, -0.0, False),
        (2.5, 2.5, True),
        ("a", "a", True),
        (None, None, True),
        ([2], [2], False),
        ({"a": 2}, {"a": 2}, False),
    ],
)
def test_equal_values_in_a_row_are_one_run(one: Any, other: Any, same: bool) -> None:
    pairs = Pairs()
    pairs.add("word", one, 3)
    pairs.add("word", other, 4)

    taken = pairs.take()["word"]

    assert repr(taken) == repr([one, 7] if same else [1, 3, other, 4] if one == 1 else [one, 3, other, 4])
    assert (pairs.size, pairs.counts) == (0, {})


def test_pairs_of_another_come_behind_the_own() -> None:
    first, second = Pairs(), Pairs()
    first.add("word", 1, 2)
    second.add("word", 1, 3)
    second.add("more", 2)
    second.add("word", "x")

    first.add_all_of(second)

    assert first.take() == {"word": [1, 5, "x", 1], "more": [2, 1]}
    assert second.take() == {}
