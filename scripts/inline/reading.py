"""INPUT as pieces of text, read and cut by the client's own code."""

from collections.abc import Sequence
from dataclasses import dataclass

from scripts.client.input.reading import form_of, read_input
from scripts.client.input.sizing import Sizing
from scripts.inline.chunks import spread
from scripts.inline.steps import Pieces
from scripts.jobs.job import Input


@dataclass(frozen=True)
class Read:
    """What was read. `num_reducer` is what the input itself says, if it does."""

    pieces: Pieces
    notices: list[str]
    num_reducer: int | None = None


def read_pieces(names: str | Sequence[str], form: Input, shuffle: str, chunk_bytes: int | None, read_as: str = "auto") -> Read:
    """Read all of INPUT, as the client does; `form` is what the job says of it.

    Raises:
        InputError: it can't be read, or has the wrong shape.
    """
    sizing = Sizing(shuffle)
    read_as = form.format or "auto" if read_as == "auto" else read_as
    of_text = form_of(form.encoding, form.header, form.multiline)
    given = read_input(names, read_as, chunk_bytes, None, sizing.chunk_bytes, of_text=of_text)
    pieces = [piece for element in given.elements for piece in element.content.get("pieces", [element.content])]
    said = {element.num_reducer for element in given.elements}
    # Chunks of the author's own, and a size that was asked for, stay as they are.
    return Read(spread(pieces) if given.chunk_bytes else pieces, given.notices, said.pop() if len(said) == 1 else None)
