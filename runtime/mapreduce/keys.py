"""The one place that builds and parses the keys of emitted objects.

    {prefix/}{run/}reducer{id}/{word}/{uuid}

Written by mappers (`emit`), listed by partition and reducers, kept until the run is cleaned up. The body is empty where the value
is 1.

A word stands in its key as itself where that is safe. Escaped reversibly, as `%XX` per UTF-8 byte, are `/` and `%`, blanks and
control characters, and U+FFFE and U+FFFF, which no XML listing can carry (https://www.w3.org/TR/xml/#charsets).
Three forms use `%` in ways that an escaped byte cannot:

    %2E, %2E%2E     the words `.` and `..`, which S3 clients take for path steps
    %               the empty word
    %~{sha256}      a word too long for a key of 1,024 bytes; the object's body then holds the word
"""

import re

from runtime.record import record

DEFAULT_NUM_REDUCER = 3

MAX_NUM_REDUCER = 1000
"""Each is an invocation of its own, and an S3 listing's page holds as many directories."""

MAX_WORD_BYTES = 512
"""Longest escaped word in a key. The rest of a key (prefix, run id, reducer, uuid) needs the other half of the 1,024 bytes
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html)."""

MAX_PREFIX_BYTES = 256

_UNSAFE = re.compile("[\x00-\x20\x7f-\x9f/%\ufffe\uffff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_PARTITION = re.compile(r"reducer(0|[1-9][0-9]*)/")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LONG = "%~"


@record
class Destination:
    """Where a run's pairs go: a bucket and, in it, a prefix that is empty or ends in a slash."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, destination: object, run_id: str | None) -> "Destination":
        """Read `bucket`, `bucket/prefix` or `s3://bucket/prefix`; a run's objects lie under its id there.

        Raises:
            ValueError: no string, no such bucket name possible, or a prefix that no S3 key can have.
        """
        if not isinstance(destination, str):
            raise ValueError(f'"destination" must be "bucket" or "bucket/prefix"; got {destination!r:.200}')
        bucket, _, path = destination.removeprefix("s3://").partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise ValueError(f'"destination" {destination!r:.200} does not start with the name of a bucket')
        segments = path.rstrip("/").split("/") if path.rstrip("/") else []
        if _LONE_SURROGATE.search(path) or any(segment in ("", ".", "..") or _UNSAFE.search(segment) for segment in segments):
            raise ValueError(f'"destination" {destination!r:.200} has a prefix with an empty, relative or unsafe step')
        if len(path.encode()) > MAX_PREFIX_BYTES:
            raise ValueError(f'"destination" has a prefix of more than {MAX_PREFIX_BYTES} bytes')
        if run_id is not None:
            segments.append(run_id)
        return cls(bucket, "".join(segment + "/" for segment in segments))


def reducer_id(word: str, num_reducer: int) -> int:
    """The partition of a word. sha256 gives the same in every process, Python's `hash()` does not (seed, section Mapper).

    Raises:
        ValueError: the word holds a lone surrogate, which no UTF-8 text and no S3 key can.
    """
    return int(_sha256(encode_word(word)), 16) % num_reducer


def encode_word(word: str) -> bytes:
    """The word's UTF-8 bytes. Raises ValueError: it holds a lone surrogate."""
    try:
        return word.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"word {word!r:.200} is no valid Unicode text: lone surrogate at {error.start}") from None


def escape(word: str) -> str:
    """One key segment for any word; `unescape` reverses it, but for words over `MAX_WORD_BYTES`, whose text is the body."""
    if word in ("", ".", ".."):
        return "%2E" * len(word) or "%"
    segment = _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), word)
    if len(segment) * 4 > MAX_WORD_BYTES and len(segment.encode()) > MAX_WORD_BYTES:
        return _LONG + _sha256(encode_word(word))
    return segment


def is_long(segment: str) -> bool:
    """Whether the word of this segment is in the object's body."""
    return segment.startswith(_LONG)


def unescape(segment: str, body: bytes | None = None) -> str:
    """The word of a key segment; `body` is the object's body where `is_long(segment)`.

    Raises:
        ValueError: the body is not the long word that the segment names, or the segment is not one of `escape`.
    """
    if is_long(segment):
        if body is None or _sha256(body) != segment.removeprefix(_LONG):
            raise ValueError(f"the body of a long word does not match its key segment {segment!r}")
        return body.decode()
    word = _unquoted(segment) if "%" in segment else segment
    if escape(word) != segment:
        raise ValueError(f"no word has the key segment {segment!r}")
    return word


def pair_key(prefix: str, partition_id: int, segment: str, name: str) -> str:
    """The key of an emitted pair: `prefix` is a destination's, `segment` an escaped word, and `name` a UUID."""
    return f"{prefix}{partition_directory(partition_id)}{segment}/{name}"


def partition_directory(partition_id: int) -> str:
    """`reducer{id}/`."""
    return f"reducer{partition_id}/"


def partition_number(directory: str) -> int | None:
    """The id in `reducer{id}/`, or None if the directory is not a partition's."""
    match = _PARTITION.fullmatch(directory)
    return int(match[1]) if match else None


# Only those who write pairs, or read hostile words, need these modules; the others start without them.


def _sha256(data: bytes) -> str:
    from hashlib import sha256

    return sha256(data).hexdigest()


def _unquoted(segment: str) -> str:
    from urllib.parse import unquote

    return "" if segment == "%" else unquote(segment, errors="strict")
