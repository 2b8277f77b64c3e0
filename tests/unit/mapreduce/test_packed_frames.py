"""Frames of the layout packed: what is encoded is decoded, and nothing else is taken for a frame."""

import json
from contextlib import suppress
from operator import itemgetter
from typing import Any

import pytest
from backports import zstd
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.mapreduce.packed import compression, frames
from runtime.mapreduce.packed.compression import compress, decompress
from runtime.mapreduce.packed.frames import Runs, count_pairs, decode_frame, encode_frames, frame_bytes

WORDS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)
TIMES = st.integers(1, 10**9)
RUNS = TIMES | st.lists(st.tuples(VALUES, TIMES), min_size=1, max_size=8).map(lambda runs: [part for run in runs for part in run])


def decoded(frames: list[bytes], ones: bool = False) -> list[tuple[str, list[Any]]]:
    """Each word with its runs, flat, those of consecutive frames joined."""
    found: list[tuple[str, list[Any]]] = []
    for frame in frames:
        for word, run in zip(*decode_frame(frame, ones), strict=True):
            flat = [1, run] if isinstance(run, int) else run
            if found and found[-1][0] == word:
                found[-1][1].extend(flat)
            else:
                found.append((word, list(flat)))
    return found


def framed(document: Any) -> bytes:
    return compress(json.dumps(document).encode())


FRAME = framed([["a"], [1]])


@given(st.dictionaries(WORDS, RUNS, max_size=40), st.integers(1, 500))
def test_what_is_encoded_is_decoded(pairs: dict[str, Runs], size: int) -> None:
    words = sorted(pairs)

    frames = list(encode_frames(words, [pairs[word] for word in words], size))

    flat = {word: [1, run] if isinstance(run, int) else run for word, run in pairs.items()}
    assert repr(decoded(frames)) == repr(sorted(flat.items(), key=itemgetter(0)))


@pytest.mark.parametrize("word", ["a{:06}", "б{:06}", "{:06}" + "long" * 200])
def test_frames_are_about_as_large_as_they_should_be(word: str) -> None:
    words = [word.format(number) for number in range(5000)]

    frames = list(encode_frames(words, [1] * 5000, 8192))

    assert all(4096 <= len(decompress(frame)) <= 2 * 8192 for frame in frames[:-1])


def test_values_of_one_word_go_on_in_the_next_frame() -> None:
    values = [part for number in range(10_000) for part in (f"value {number}", 1)]

    frames = list(encode_frames(["word"], [values], 8192))

    assert len(frames) > 10
    assert decoded(frames) == [("word", values)]


def test_one_word_with_many_values_does_not_make_the_other_frames_small() -> None:
    words = [f"w{number:05}" for number in range(5000)]

    frames = list(encode_frames(words, [[part for n in range(5000) for part in (n, 1)], *[1] * 4999], 8192))

    assert len(frames) < 30


def test_pair_that_no_frame_can_hold_is_refused_with_its_word() -> None:
    value = "x" * compression.MAX_RAW_BYTES

    with pytest.raises(
        ValueError, match=r"the word 'w' can't be stored with its value: 16,777,2\d\d bytes are more than the 16,777,216"
    ):
        list(encode_frames(["v", "w"], [1, [value, 1]], 100))


def test_frames_are_smaller_when_a_reader_holds_many() -> None:
    assert [frame_bytes(mappers) for mappers in (1, 256, 512, 2048, 10_000)] == [32768, 32768, 16384, 4096, 4096]


def test_pairs_are_counted() -> None:
    assert count_pairs([2, 3]) == 5
    assert count_pairs([2, ["x", 3, None, 1]]) == 6


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        [],
        [[], []],
        [["a"]],
        [["a"], [1], []],
        [["a"], []],
        [["a"], [0]],
        [["a"], [-1]],
        [["a"], [True]],
        [["a"], [1.0]],
        [["a"], ["1"]],
        [["a"], [None]],
        [["a"], [[]]],
        [["a"], [[1]]],
        [["a"], [["x", 0]]],
        [["a"], [["x", True]]],
        [["a"], [["x", 1, "y"]]],
        [["a", "b"], [1, True]],
        [["a", "b"], [1, [1, 1, 1]]],
        [[1], [1]],
        [["a", None], [1, 1]],
        [["b", "a"], [1, 1]],
        [["a", "a"], [1, 1]],
        [["\ud800"], [1]],
    ],
)
def test_other_documents_are_no_frames(document: Any) -> None:
    with pytest.raises(ValueError, match="a frame"):
        decode_frame(framed(document), ones=False)


@pytest.mark.parametrize(
    "text", [b"", b"[", b"[" * 100_000, b'[["a"],[NaN]]', b'[["a"],[[NaN,1]]]', b"\xff", b'[["a"],[1]] 1', b"9" * 5000]
)
def test_what_is_no_json_is_no_frame(text: bytes) -> None:
    with pytest.raises(ValueError, match="a frame"):
        decode_frame(compress(text), ones=False)


def test_other_values_are_refused_where_all_must_be_one() -> None:
    frame = framed([["a", "b"], [1, ["x", 1]]])

    assert decode_frame(frame, ones=False) == (["a", "b"], [1, ["x", 1]])
    with pytest.raises(ValueError, match="values that are none"):
        decode_frame(frame, ones=True)


@given(st.binary(max_size=200))
@example(FRAME + FRAME)
@example(FRAME[:-1])
@example(FRAME + b"x")
def test_random_bytes_are_no_frame(data: bytes) -> None:
    with pytest.raises(ValueError, match="a frame"):
        decode_frame(data, ones=False)


@given(st.data())
def test_changed_bytes_never_raise_anything_else(data: st.DataObject) -> None:
    frame = bytearray(framed([["a", "b", "word" * 20], [1, 2, ["x" * 50, 3]]]))
    for _ in range(data.draw(st.integers(1, 3))):
        frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))

    with suppress(ValueError):
        decode_frame(bytes(frame), ones=False)


def test_frame_that_would_be_too_large_is_refused_before_it_is_decompressed() -> None:
    bomb = zstd.compress(b"\0" * (compression.MAX_RAW_BYTES + 1))

    with pytest.raises(ValueError, match="a frame declares 16777217 bytes, but must declare at most 16777216"):
        decompress(bomb)


def test_frame_that_does_not_declare_its_size_is_refused() -> None:
    compressor = zstd.ZstdCompressor()
    stream = compressor.compress(b"a" * 1000) + compressor.flush()

    with pytest.raises(ValueError, match="a frame declares None bytes"):
        decompress(stream)


@given(st.lists(WORDS | st.text('a"\\\n\x7f\u2028é', max_size=3), max_size=20))
def test_words_are_written_as_json_writes_them(words: list[str]) -> None:
    assert frames._encode_words(words) == json.dumps(words, ensure_ascii=False, separators=(",", ":"))
