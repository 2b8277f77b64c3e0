"""One file of the input: its text, in blocks, with its name and place; and how it is cut."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runtime.mapreduce.ranged.cuts import Cutter
from runtime.mapreduce.ranged.opening import Form, opened
from scripts.client.errors import InputError
from scripts.client.input.chunking import TEXT, chunk_by_size
from scripts.client.input.sharing import Piece
from scripts.client.input.sizing import utf8_bytes
from scripts.client.input.text import decode


@dataclass(frozen=True, eq=False)
class Content:
    """The text of one file, which is read when its blocks are asked for.

    Attributes:
        name: of the file; empty for standard input.
        blocks: the text from its first record on.
        offset: at which byte of the text that is.
        form: what the text consists of.
        header: the names of CSV's columns.
        cuts: where it may be cut.
    """

    name: str
    blocks: Iterator[str]
    offset: int
    form: Form
    header: tuple[str, ...] | None
    cuts: Cutter

    @classmethod
    def open(cls, name: str, shown: str, parts: Iterable[bytes], form: Form) -> "Content":
        """Open a file, given its bytes.

        Raises (also when blocks are read):
            InputError: it is damaged, cut off, binary, or of another encoding; names it.
        """
        try:
            text = opened(parts, form)
        except ValueError as error:
            raise InputError(f"{shown} can't be read: {error}") from None
        cuts = TEXT if form.format == "text" else text.cuts
        blocks = decode(shown, _named(shown, text.stream), text.offset)
        return cls(name, blocks, text.offset, form, text.header, cuts)

    @classmethod
    def of_text(cls, blocks: Iterator[str]) -> "Content":
        """Text that is at hand, of no file."""
        return cls("", blocks, 0, Form(), None, TEXT)

    def cut(self, text: Iterable[str], limit: int) -> Iterator[Piece]:
        """The pieces of its text, given in blocks, each of at most `limit` bytes but for a longer word or record."""
        try:
            yield from self.placed(chunk_by_size(text, limit, self.cuts, self.offset))
        except ValueError as error:
            raise InputError(f"{self.name or 'standard input'} can't be read: {error}") from None

    def placed(self, texts: Iterable[str]) -> Iterator[Piece]:
        """Texts that follow each other, as pieces: `{"text": ..., "name": "logs/a.txt", "offset": 0}`.

        What is no plain text says its `"format"`, too, and CSV its `"header"`.
        """
        offset = self.offset
        for text in texts:
            piece: Piece = {"text": text}
            if self.name:
                piece |= {"name": self.name, "offset": offset}
            if self.form.format != "text":
                piece["format"] = self.form.format
            if self.header is not None:
                piece["header"] = list(self.header)
            yield piece
            offset += utf8_bytes(text)


def _named(shown: str, stream: Iterator[bytes]) -> Iterator[bytes]:
    """A stream whose errors name the file."""
    try:
        yield from stream
    except ValueError as error:
        raise InputError(f"{shown} can't be read: {error}") from None
