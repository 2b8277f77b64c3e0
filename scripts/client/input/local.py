"""What INPUT names stand for on this machine: files, folders, patterns of names, and standard input."""

import glob
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from runtime.mapreduce.ranged.opening import Form
from scripts.client.errors import InputError
from scripts.client.input.content import Content
from scripts.client.input.folder import contents_below, open_file
from scripts.client.input.noticed import CHANGED, EMPTY, Noticed
from scripts.client.input.text import read_blocks

STDIN = "-"
SHOWN_STDIN = "standard input"


class Local:
    """Files in the order of their names, each pattern and folder in the order of what it holds."""

    def __init__(self, names: Sequence[str]) -> None:
        if names.count(STDIN) > 1:
            raise InputError("standard input (-) can be read once only")
        self._names = names
        self._of_folders: list[Noticed] = []
        self._noticed = Noticed("files")

    def contents(self, form: Form) -> Iterator[Content]:
        """Each file.

        Raises (also while a content is read):
            InputError: one is missing, can't be read, is binary or of another encoding; names it.
        """
        for name in self._expanded():
            if name == STDIN:
                blocks = read_blocks(None, partial(self._noticed.add, CHANGED, SHOWN_STDIN))
                yield Content.open("", SHOWN_STDIN, blocks, form)
            elif os.path.isdir(name):
                self._of_folders.append(Noticed(f"names in {Path(name)}"))
                yield from contents_below(Path(name), form, self._of_folders[-1])
            elif len(self._names) > 1 and os.path.isfile(name) and not os.path.getsize(name):
                self._noticed.add(EMPTY, name)
            else:
                yield open_file(Path(name), form, partial(self._noticed.add, CHANGED, name))

    @property
    def notices(self) -> list[str]:
        """What the user should know, once all is read."""
        return [notice for noticed in [*self._of_folders, self._noticed] for notice in noticed.notices]

    def _expanded(self) -> Iterator[str]:
        for name in self._names:
            if name == STDIN or os.path.lexists(name) or not glob.has_magic(name):
                yield name
            elif found := sorted(glob.glob(name, recursive=True)):
                # `**` finds what lies in a folder beside the folder itself, which would be read once more with all in it.
                yield from (each for each in found if "**" not in name or not os.path.isdir(each))
            else:
                raise InputError(f"no file matches {name!r}")
