"""INPUT as what each mapper is given to read, which the client's own code reads and cuts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.mapreduce.ranged.opening import Form
from runtime.record import replace
from scripts.client.input.content import Content
from scripts.client.input.reading import form_of, read_input
from scripts.client.input.sharing import together
from scripts.client.input.sizing import Sizing
from scripts.inline.chunks import spread
from scripts.inline.steps import Contents
from scripts.jobs.job import Input


@dataclass(frozen=True)
class Read:
    """What was read. `num_reducer` is what the input itself says, if it does."""

    contents: Contents
    notices: list[str]
    num_reducer: int | None = None


def read_contents(names: str | Sequence[str], form: Input, shuffle: str, chunk_bytes: int | None, read_as: str = "auto") -> Read:
    """Read all of INPUT, as the client does; `form` is what the job says of it.

    Raises:
        InputError: it can't be read, or has the wrong shape.
    """
    sizing = Sizing(shuffle)
    read_as = form.format or "auto" if read_as == "auto" else read_as
    given = read_input(names, read_as, chunk_bytes, None, sizing.chunk_bytes, of_text=_form(form))
    contents = [element.content for element in given.elements]
    said = {element.num_reducer for element in given.elements}
    # Chunks of the author's own, and a size that was asked for, stay as they are.
    return Read(spread(contents) if given.chunk_bytes else contents, given.notices, said.pop() if len(said) == 1 else None)


def content_of(text: str, form: Input) -> dict[str, Any]:
    """A text at hand as what one mapper is given to read; `form` is what the job says of its input.

    Raises:
        InputError: it is not of that form.
    """
    if form.format in (None, "text"):
        return {"text": text}
    body = text.encode()
    opened = Content.open("", "the text", [body], replace(_form(form), format=form.format, encoding=None))
    return together(list(opened.cut(opened.blocks, len(body))))


def _form(form: Input) -> Form:
    return form_of(form.encoding, form.header, form.multiline)
