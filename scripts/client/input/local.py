"""What INPUT names stand for on this machine: files, folders, patterns of names, and standard input."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from runtime.mapreduce.ranged.opening import Form
from scripts.client.errors import InputError
from scripts.client.input.content import Content
from scripts.client.input.folder import Folder, open_file
from scripts.client.input.text import read_blocks

STDIN = "-"
SHOWN_STDIN = "standard input"


class Local:
    """Files in the order of their names, each pattern and folder in the order of what it holds."""

    def __init__(self, names: Sequence[str]) -> None:
        if names.count(STDIN) > 1:
            raise InputError("standard input (-) can be read once only")
        self._names = names
        self._folders: list[Folder] = []
        self._empty: list[str] = []
        self._changed: list[str] = []

    def contents(self, form: Form) -> Iterator[Content]:
        """Each file.

        Raises (also while a content is read):
            InputError: one is missing, can't be read, is binary or of another encoding; names it.
        """
        for name in self._expanded():
            if name == STDIN:
                yield Content.open("", SHOWN_STDIN, read_blocks(None, lambda: self._changed.append(SHOWN_STDIN)), form)
            elif os.path.isdir(name):
                self._folders.append(Folder(Path(name)))
                yield from self._folders[-1].contents(form)
            elif len(self._names) > 1 and os.path.isfile(name) and not os.path.getsize(name):
                self._empty.append(name)
            else:
                yield open_file(Path(name), form, lambda name=name: self._changed.append(name))  # type: ignore[misc]

    @property
    def notices(self) -> list[str]:
        """What the user should know, once all is read."""
        told = [notice for folder in self._folders for notice in folder.notices]
        if self._empty:
            number = len(self._empty)
            told.append(
                f"{self._empty[0]} is empty" if number == 1 else f"{number} files are empty, the first is {self._empty[0]}"
            )
        return told + [f"{name} changed while it was read" for name in self._changed]

    def _expanded(self) -> Iterator[str]:
        for name in self._names:
            if name == STDIN or os.path.lexists(name) or not glob.has_magic(name):
                yield name
            elif found := sorted(glob.glob(name, recursive=True)):
                # `**` finds what lies in a folder beside the folder itself, which would be read once more with all in it.
                yield from (each for each in found if "**" not in name or not os.path.isdir(each))
            else:
                raise InputError(f"no file matches {name!r}")
