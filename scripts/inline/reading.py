"""INPUT as pieces of text, read and cut by the client's own code."""

from dataclasses import dataclass

from scripts.client.input.reading import read_input
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


def read_pieces(name: str, form: Input, shuffle: str, chunk_bytes: int | None, read_as: str = "auto") -> Read:
    """Read all of INPUT: a file, a folder, or `-`.

    Raises:
        InputError: it can't be read, or has the wrong shape.
    """
    sizing = Sizing(shuffle)
    given = read_input(name, read_as, chunk_bytes, None, lambda text_bytes: sizing.chunk_bytes(text_bytes))
    pieces = [{"text": element.text} for element in given.elements]
    said = {element.num_reducer for element in given.elements}
    # Chunks of the author's own, and a size that was asked for, stay as they are.
    return Read(spread(pieces) if given.chunk_bytes else pieces, given.notices, said.pop() if len(said) == 1 else None)
