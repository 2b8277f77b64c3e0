"""INPUT to elements: tells JSON from text, and cuts text into chunks."""

import glob
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Generic, TypeVar

from runtime.mapreduce.ranged.opening import Form
from runtime.record import replace
from scripts.client.errors import InputError
from scripts.client.input import elements as made
from scripts.client.input.chunks import Element, parse_json
from scripts.client.input.content import Content
from scripts.client.input.lazy import Lazy
from scripts.client.input.local import SHOWN_STDIN, STDIN, Local
from scripts.client.input.sizing import OBJECTS_CHUNK_BYTES
from scripts.client.input.spooled import spooled
from scripts.client.input.text import joined

T = TypeVar("T")

FORMATS = ("auto", "json", "text", "lines", "jsonl", "csv")

Choose = Callable[[int | None], int]
"""The largest chunk, in bytes, of a text of so many bytes; None: more than were read ahead."""


@dataclass(frozen=True)
class Input(Generic[T]):
    """What was read: one element for each branch, or for the first function, and what the user should be told about it.

    `chunk_bytes` is the size of the largest chunk where it was chosen here; None where options or the input say it.
    """

    elements: Sequence[T]
    notices: list[str] = field(default_factory=list)
    chunk_bytes: int | None = None

    def followed_by(self, other: "Input[T]") -> "Input[T]":
        """This, and then what else was read."""
        if not self.elements:
            return Input(other.elements, self.notices + other.notices, other.chunk_bytes)
        largest = max(self.chunk_bytes or 0, other.chunk_bytes or 0) or None
        # Neither is copied, for it may lie in a file.
        first, second = self.elements, other.elements
        both = Lazy(len(first) + len(second), lambda i: first[i] if i < len(first) else second[i - len(first)])
        return Input(both, self.notices + other.notices, largest)


def is_s3(name: str) -> bool:
    """Whether a name of INPUT means objects in S3."""
    return name.startswith("s3://")


_PLAIN = Form()


def form_of(encoding: str | None, header: bool | Sequence[str] | None, multiline: bool | None) -> Form:
    """What is said of the text; None is what its reader takes by itself."""
    columns = list(header) if isinstance(header, Sequence) else header is not False
    return Form(encoding=encoding, header=columns, multiline=multiline is not False)


def read_input(
    names: str | Sequence[str],
    form: str = "auto",
    chunk_bytes: int | None = None,
    chunks: int | None = None,
    choose: Choose = lambda text_bytes: OBJECTS_CHUNK_BYTES,
    *,
    of_text: Form = _PLAIN,
) -> Input[Element]:
    """Read all of INPUT, once.

    A JSON document of chunks is a file named `*.json`, and whatever begins with `{` or `[` on standard input, in a pipe or in a
    file whose name has no suffix, where that is all of INPUT; all else is text. An array's elements are the chunks, unless a size
    or a number of chunks is asked for.

    Args:
        names: files, folders, patterns of file names, and `-`.
        form: one of FORMATS: what to take INPUT for where the rule above is wrong.
        chunk_bytes: largest chunk, in bytes of UTF-8.
        chunks: about how many chunks, in place of `chunk_bytes`.
        choose: the largest chunk where neither is given. Called once the input's beginning is read and found good.
        of_text: encoding and the like of what is no JSON document; its format is `form`.

    Raises:
        InputError: it can't be read, or has the wrong shape.
    """
    names = [names] if isinstance(names, str) else list(names)
    if remote := next((name for name in names if is_s3(name)), None):
        raise InputError(f"{remote} is read by the mappers of a run that is deployed; here, give files of this machine")
    cutting = Cutting(chunk_bytes, chunks, choose)
    of_text = replace(of_text, format="text" if form in ("auto", "json") else form)
    if form in ("auto", "json") and len(names) == 1 and not os.path.isdir(names[0]) and _names_one(names[0]):
        return _one(names[0], form, of_text, cutting)
    if form == "json":
        raise InputError(f"{names[0]} is a folder; --format json needs a file" if len(names) == 1 else _ONE_JSON)
    local = Local(names)
    read = cutting.cut(made.flow_of(local.contents(of_text)))
    return Input(read.elements, local.notices + read.notices, read.chunk_bytes)


_ONE_JSON = "a JSON document of chunks is all of INPUT or nothing: give it alone, or leave out --format json"


@dataclass(frozen=True)
class Cutting:
    """How text is cut; as `read_input` has it."""

    chunk_bytes: int | None
    chunks: int | None
    choose: Choose

    def cut(self, flow: made.Flow) -> Input[Element]:
        chosen = None
        if self.chunks:
            contents = made.cut_by_number(flow, self.chunks)
        else:
            if self.chunk_bytes is None:
                text_bytes, flow = made.measured(flow)
                chosen = self.choose(text_bytes)
            contents = made.cut_by_size(flow, self.chunk_bytes or chosen or OBJECTS_CHUNK_BYTES)
        elements = spooled(contents)
        return Input(elements, made.torn_in(elements), chosen)


def _names_one(name: str) -> bool:
    """Whether it is a file, or standard input, and no pattern that stands for several."""
    return name == STDIN or os.path.lexists(name) or not glob.has_magic(name)


def _one(name: str, form: str, of_text: Form, cutting: Cutting) -> Input[Element]:
    """INPUT that is one file, or standard input, and may be a JSON document of chunks."""
    local = Local([name])
    content = next(local.contents(of_text))
    guessed = form == "auto"
    blocks = content.blocks
    if guessed:
        form, blocks = _tell(name, blocks)
    shown = SHOWN_STDIN if name == STDIN else name
    if form == "text":
        read = cutting.cut((content, block) for block in blocks if block)
        return Input(read.elements, local.notices + read.notices, read.chunk_bytes)
    try:
        elements, ignored = parse_json(shown, "".join(blocks))
    except InputError as error:
        if not guessed:
            raise
        raise InputError(f"{error}; to count it as text: --format text") from None
    notices = local.notices + ignored
    if not (cutting.chunk_bytes or cutting.chunks):
        return Input(elements, notices)
    again = _cut_again(elements, cutting)
    return Input(again.elements, notices + again.notices)


def _tell(name: str, blocks: Iterator[str]) -> tuple[str, Iterator[str]]:
    path = Path(name)
    if name != STDIN and path.suffix.lower() == ".json":
        return "json", blocks
    if name != STDIN and path.suffix and os.path.isfile(path):
        return "text", blocks
    seen = []
    for block in blocks:
        seen.append(block)
        if start := block.lstrip(" \t\r\n\v\f")[:1]:
            return ("json" if start in "[{" else "text"), chain(seen, blocks)
    return "text", iter(seen)


def _cut_again(elements: list[Element], cutting: Cutting) -> Input[Element]:
    """Other chunks of the same lines. What each element says about destination and reducers must be the same for that."""
    said = {(element.destination, element.num_reducer) for element in elements}
    if len(said) > 1:
        raise InputError(
            "the input's elements differ in destination or numReducer, so they can't be cut into other chunks;"
            " leave out --chunk-bytes and --chunks, or make them agree"
        )
    destination, num_reducer = said.pop() if said else (None, None)
    content = Content.of_text(joined([element.text] for element in elements))
    again = cutting.cut((content, block) for block in content.blocks)
    return Input([Element(piece.text, destination, num_reducer) for piece in again.elements], again.notices)
