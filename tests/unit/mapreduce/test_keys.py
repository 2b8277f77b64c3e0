"""Keys of emitted objects: reversible, one per word, safe for S3 and its clients, fixed for ever."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.mapreduce.keys import (
    MAX_PREFIX_BYTES,
    MAX_WORD_BYTES,
    Destination,
    encode_word,
    escape,
    is_long,
    partition_directory,
    partition_number,
    reducer_id,
    unescape,
)

ANY_WORD = st.text() | st.text(alphabet="/.%~2E \x01é語").map(str) | st.text(min_size=150, max_size=600)


@settings(max_examples=200)
@given(ANY_WORD)
def test_every_word_comes_back_from_its_segment(word: str) -> None:
    segment = escape(word)

    assert unescape(segment, encode_word(word) if is_long(segment) else None) == word


@settings(max_examples=200)
@given(ANY_WORD)
def test_segment_is_safe_for_keys_paths_and_xml(word: str) -> None:
    segment = escape(word)

    assert segment not in ("", ".", "..")
    assert not re.search("[\x00-\x20\x7f-\x9f/\ufffe\uffff]", segment)
    assert len(segment.encode()) <= MAX_WORD_BYTES


@settings(max_examples=200)
@given(st.text(alphabet="/.%~2EF", max_size=5), st.text(alphabet="/.%~2EF", max_size=5))
def test_two_words_never_share_a_segment(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


@pytest.mark.parametrize(
    ("word", "segment"),
    [
        ("to", "to"),
        ("he’ll", "he’ll"),
        ("日本語", "日本語"),
        ("and/or", "and%2For"),
        ("//", "%2F%2F"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        ("...", "..."),
        ("100%", "100%25"),
        ("%2F", "%252F"),
        ("%~", "%25~"),
        ("", "%"),
        ("a b", "a%20b"),
        ("a\u0001b", "a%01b"),
        ("\u0085", "%C2%85"),
        ("\uffff", "%EF%BF%BF"),
        ("w" * 512, "w" * 512),
    ],
)
def test_words_are_written_as_documented(word: str, segment: str) -> None:
    assert escape(word) == segment


@pytest.mark.parametrize("word", ["w" * 513, "語" * 171, "/" * 171])
def test_word_too_long_for_a_key_is_named_by_its_hash(word: str) -> None:
    assert re.fullmatch("%~[0-9a-f]{64}", escape(word))


@pytest.mark.parametrize("segment", ["%2f", "a%2Eb", "%ZZ", "a%", "%2", "a/b", "w" * 513, ".", ""])
def test_segment_that_no_word_has_is_refused(segment: str) -> None:
    with pytest.raises(ValueError, match="no word has the key segment"):
        unescape(segment)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        unescape("%FF")


@pytest.mark.parametrize("body", [None, b"", b"another word"])
def test_long_word_without_its_own_body_is_refused(body: bytes | None) -> None:
    with pytest.raises(ValueError, match="does not match its key segment"):
        unescape(escape("w" * 600), body)


def test_golden_reducer_ids() -> None:
    ids = {word: reducer_id(word, 1000) for word in ("to", "be", "he’ll", "日本語", "")}

    assert ids == {"to": 441, "be": 525, "he’ll": 934, "日本語": 333, "": 549}


@given(st.text(), st.integers(1, 10_000))
def test_reducer_id_is_below_the_number_of_reducers(word: str, reducers: int) -> None:
    assert 0 <= reducer_id(word, reducers) < reducers


def test_lone_surrogate_has_no_partition() -> None:
    with pytest.raises(ValueError, match="lone surrogate at 2"):
        reducer_id("ab\ud800", 3)


@pytest.mark.parametrize(
    ("destination", "run", "expected"),
    [
        ("my-bucket", None, Destination("my-bucket", "")),
        ("my-bucket/", None, Destination("my-bucket", "")),
        ("my-bucket", "run1", Destination("my-bucket", "run1/")),
        ("my-bucket/a/b", None, Destination("my-bucket", "a/b/")),
        ("my-bucket/a/b/", "run1", Destination("my-bucket", "a/b/run1/")),
        ("s3://my-bucket", "run1", Destination("my-bucket", "run1/")),
        ("s3://my-bucket/a", None, Destination("my-bucket", "a/")),
        ("my.bucket/é", None, Destination("my.bucket", "é/")),
        ("my-bucket/" + "p" * MAX_PREFIX_BYTES, None, Destination("my-bucket", "p" * MAX_PREFIX_BYTES + "/")),
    ],
)
def test_destination(destination: str, run: str | None, expected: Destination) -> None:
    assert Destination.parse(destination, run) == expected


@pytest.mark.parametrize(
    ("destination", "said"),
    [
        (None, 'must be "bucket"'),
        (3, 'must be "bucket"'),
        ({"bucket": "b"}, 'must be "bucket"'),
        ("", "name of a bucket"),
        ("ab", "name of a bucket"),
        ("-ab", "name of a bucket"),
        ("UPPER", "name of a bucket"),
        ("under_score", "name of a bucket"),
        ("b" * 64, "name of a bucket"),
        ("https://my-bucket", "name of a bucket"),
        ("/my-bucket", "name of a bucket"),
        ("my-bucket\n", "name of a bucket"),
        ("my-bucket//a", "empty, relative or unsafe step"),
        ("my-bucket/a//b", "empty, relative or unsafe step"),
        ("my-bucket/../other", "empty, relative or unsafe step"),
        ("my-bucket/./a", "empty, relative or unsafe step"),
        ("my-bucket/a b", "empty, relative or unsafe step"),
        ("my-bucket/a\u0001", "empty, relative or unsafe step"),
        ("my-bucket/100%", "empty, relative or unsafe step"),
        ("my-bucket/" + "p" * (MAX_PREFIX_BYTES + 1), "more than 256 bytes"),
    ],
)
def test_malformed_destination_is_refused(destination: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Destination.parse(destination, None)


def test_longest_key_fits_into_s3() -> None:
    where = Destination.parse("my-bucket/" + "p" * MAX_PREFIX_BYTES, "r" * 64)

    key = where.prefix + partition_directory(10**18) + "w" * MAX_WORD_BYTES + "/" + "u" * 36

    assert len(key) <= 1024


@pytest.mark.parametrize("number", [0, 1, 9, 10, 123456])
def test_partition_directory_and_number_are_inverse(number: int) -> None:
    assert partition_number(partition_directory(number)) == number


@pytest.mark.parametrize(
    "directory", ["reducer/", "reducer01/", "reducer-1/", "reducer1", "reducer1/x", "xreducer1/", "reducer1/\n", "reducer١/"]
)
def test_other_directories_are_no_partitions(directory: str) -> None:
    assert partition_number(directory) is None
