"""A piece of input that lies in S3: a range of an object, and what is known of the text in it.

As it stands in a mapper's event; all from `format` on may be left out::

    {"url": "s3://bucket/logs/a b#1.txt", "etag": "\"9f86d0\"", "start": 0, "end": 1048576, "size": 9000000,
     "format": "csv", "encoding": "latin-1", "header": true or false or ["name", "age"], "multiline": false}
"""

from collections.abc import Mapping
from typing import Any

from runtime.mapreduce.ranged.cuts import FORMATS
from runtime.mapreduce.ranged.opening import Form
from runtime.record import record


@record
class Range:
    """A range of an object, in bytes.

    Attributes:
        url: `s3://`, the bucket, and the key as it is: nothing in it is escaped.
        etag: of the version that is meant.
        size: of the whole object.
        format, encoding, header, multiline: see `Form`.
    """

    url: str
    etag: str
    start: int
    end: int
    size: int
    format: str = "text"
    encoding: str | None = None
    header: bool | list[str] = True
    multiline: bool = True

    @classmethod
    def parse(cls, piece: Mapping[str, Any]) -> "Range":
        """Read a piece. Raises ValueError: it is malformed."""
        try:
            found = cls(**piece)
        except TypeError as error:
            raise ValueError(f"a piece with a URL is malformed: {error}; got {piece!r:.300}") from None
        numbers = (found.start, found.end, found.size)
        whole = all(type(number) is int for number in numbers) and 0 <= found.start <= found.end <= found.size
        if not (isinstance(found.url, str) and found.bucket and found.key and isinstance(found.etag, str) and whole):
            raise ValueError(
                f"a piece with a URL needs s3://bucket/key, an ETag, and a range within its size; got {piece!r:.300}"
            )
        if not isinstance(found.encoding, str | None):
            raise ValueError(f'"encoding" of a piece must be a name such as "latin-1"; got {found.encoding!r:.100}')
        if found.format not in FORMATS:
            raise ValueError(f'"format" of a piece must be one of {", ".join(FORMATS)}; got {found.format!r:.100}')
        return found

    @property
    def form(self) -> Form:
        """What is known of the text."""
        return Form(self.format, self.encoding, self.header, self.multiline)

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.url.removeprefix("s3://").partition("/")[0]

    @property
    def key(self) -> str:
        """The object's key."""
        return self.url.removeprefix("s3://").partition("/")[2]
