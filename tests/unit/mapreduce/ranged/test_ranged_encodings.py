"""Text in another encoding becomes UTF-8, however its bytes come; what is no such text is told with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.mapreduce.ranged.encodings import EncodingError, as_utf8, decoded, encoding_of, known


@given(text=st.text(), size=st.integers(1, 7), encoding=st.sampled_from(["utf-16", "utf-16-le", "utf-32"]))
def test_text_is_the_same_in_utf_8_wherever_its_parts_are_cut(text: str, size: int, encoding: str) -> None:
    body = text.encode(encoding)

    stream = as_utf8((body[at : at + size] for at in range(0, len(body), size)), encoding)

    assert b"".join(stream).decode() == text


def test_text_that_ends_within_a_character_is_an_error() -> None:
    with pytest.raises(EncodingError, match=r"it is not utf-16-le: .* at or after offset 5; say its encoding with --encoding"):
        list(as_utf8(["to".encode("utf-16-le"), b"x"], "utf-16-le"))


def test_byte_that_is_no_text_is_told_with_its_place_in_the_file() -> None:
    with pytest.raises(EncodingError, match=r"it is not utf-8: .* \(byte 0xff\) at offset 102; .*--encoding latin-1"):
        decoded(b"to\xff", "utf-8", 100)


def test_binary_file_is_told_with_the_place_of_its_first_nul() -> None:
    with pytest.raises(EncodingError, match="a NUL byte at offset 101"):
        decoded(b"t\0o\0", "utf-8", 100)


@pytest.mark.parametrize(
    ("head", "asked", "encoding"),
    [
        (b"\xff\xfet\0", None, "utf-16"),
        (b"\xfe\xff\0t", "latin-1", "utf-16"),
        (b"\xff\xfe\0\0", None, "utf-8"),
        (b"to be", None, "utf-8"),
        (b"to be", "Latin_1", "iso8859-1"),
    ],
)
def test_mark_of_utf_16_goes_before_what_is_asked_for(head: bytes, asked: str | None, encoding: str) -> None:
    assert encoding_of(head, asked) == encoding


@pytest.mark.parametrize(
    ("asked", "encoding"),
    [(None, "utf-8"), ("UTF8", "utf-8"), ("utf-8-sig", "utf-8"), ("latin1", "iso8859-1"), ("ASCII", "ascii")],
)
def test_encoding_is_known_by_one_name(asked: str | None, encoding: str) -> None:
    assert encoding_of(b"text", asked) == encoding


@pytest.mark.parametrize("asked", ["utf-9", "hex", "rot13", "a\0b"])
def test_what_is_no_encoding_of_text_is_told_with_what_to_do(asked: str) -> None:
    with pytest.raises(EncodingError, match=r" is no encoding of text that Python knows; say one .* --encoding latin-1"):
        encoding_of(b"to be", asked)


@pytest.mark.parametrize("encoding", ["idna", "punycode", "utf-7", "utf-16", "utf-32", "shift_jis"])
def test_encoding_is_known_even_if_not_all_bytes_are_text_in_it(encoding: str) -> None:
    assert known(encoding)
