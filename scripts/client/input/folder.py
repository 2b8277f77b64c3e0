"""A folder as input: all text files below it, in the order of their paths; what is left out of them is told."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from runtime.mapreduce.ranged.opening import Form
from scripts.client.errors import InputError
from scripts.client.input.content import Content
from scripts.client.input.text import read_blocks


class Folder:
    """The files below a folder. Links to files and folders are followed, each folder is read once, so that no loop matters.

    Names with a leading dot are left out.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed: list[Path] = []
        self._empty: list[Path] = []
        self._hidden: list[Path] = []
        self._again: list[Path] = []

    def contents(self, form: Form) -> Iterator[Content]:
        """Each file.

        Raises:
            InputError: there is no file, or one can't be read, is binary or is of another encoding; names it.
        """
        files = sorted(self._files(), key=lambda path: path.parts)
        if not files:
            but = f" but {len(self._hidden)} whose names begin with a dot" if self._hidden else ""
            raise InputError(f"{self._folder}: there is no file in this folder{but}; give a file, or a folder of text files")
        for path in files:
            if path.exists() and not path.is_file():
                raise InputError(f"{path} is not a regular file; a folder given as input may hold text files and folders only")
            if path.exists() and not path.stat().st_size:
                self._empty.append(path)
            else:
                yield open_file(path, form, lambda path=path: self._changed.append(path))  # type: ignore[misc]

    @property
    def notices(self) -> list[str]:
        """What the user should know, once all is read."""
        told = (
            (self._hidden, "begins with a dot and is left out", "begin with a dot and are left out"),
            (self._empty, "is empty", "are empty"),
            (self._again, "links to a folder that is read already", "link to folders that are read already"),
            (self._changed, "changed while it was read", "changed while they were read"),
        )
        return [
            f"{paths[0]} {one}" if len(paths) == 1 else f"{len(paths)} names in {self._folder} {many}, the first is {paths[0]}"
            for paths, one, many in told
            if paths
        ]

    def _files(self) -> Iterator[Path]:
        def refuse(error: OSError) -> None:
            raise InputError(f"{error.filename} can't be read: {error.strerror}") from error

        seen = {_identity(self._folder)}
        for where, folders, files in os.walk(self._folder, onerror=refuse, followlinks=True):
            folders.sort()
            self._hidden += sorted(Path(where, name) for name in folders + files if name.startswith("."))
            entered = []
            for path in (Path(where, name) for name in folders if not name.startswith(".")):
                if (identity := _identity(path)) in seen:
                    self._again.append(path)
                    continue
                seen.add(identity)
                entered.append(path.name)
            folders[:] = entered
            yield from (Path(where, name) for name in files if not name.startswith("."))


def open_file(path: Path, form: Form, changed: Callable[[], object]) -> Content:
    """A file, by its name. `changed` is called if it changes while it is read. Raises InputError: it can't be read."""
    name = os.fsencode(path).decode(errors="replace")  # as a mapper may be told of it
    return Content.open(name, str(path), read_blocks(path, changed), form)


def _identity(folder: Path) -> tuple[int, int]:
    try:
        found = os.stat(folder)
    except OSError as error:
        raise InputError(f"{folder} can't be read: {error.strerror}") from error
    return found.st_dev, found.st_ino
