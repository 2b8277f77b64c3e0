"""What a map is told of a text beside the text."""

from runtime.record import record


@record
class Source:
    """Where a text comes from.

    Attributes:
        name: of the file or object, such as `logs/a.txt`; empty if nobody told.
        offset: at which byte of the file's text, in UTF-8, the text begins. In an object in S3 that is cut as it lies, in another
            encoding of one byte each, it is the object's byte.
        format: what the text consists of: `text`, `lines`, `jsonl` or `csv`.
        header: the names of CSV's columns; None if it has none.
    """

    name: str = ""
    offset: int = 0
    format: str = "text"
    header: tuple[str, ...] | None = None
