"""A folder as input: all text files below it, in the order of their paths; what is left out of them is told."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from runtime.mapreduce.ranged.opening import Form
from scripts.client.errors import InputError
from scripts.client.input.content import Content
from scripts.client.input.noticed import AGAIN, CHANGED, EMPTY, HIDDEN, Noticed
from scripts.client.input.text import read_blocks


def contents_below(folder: Path, form: Form, noticed: Noticed) -> Iterator[Content]:
    """Each file below a folder. Links to files and folders are followed, each folder is read once, so that no loop matters.

    Names with a leading dot are left out.

    Raises:
        InputError: there is no file, or one can't be read, is binary or is of another encoding; names it.
    """
    files = sorted(_files(folder, noticed), key=lambda path: path.parts)
    if not files:
        hidden = noticed.number(HIDDEN)
        but = f" but {hidden} whose names begin with a dot" if hidden else ""
        raise InputError(f"{folder}: there is no file in this folder{but}; give a file, or a folder of text files")
    for path in files:
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is not a regular file; a folder given as input may hold text files and folders only")
        if path.exists() and not path.stat().st_size:
            noticed.add(EMPTY, path)
        else:
            yield open_file(path, form, partial(noticed.add, CHANGED, path))


def _files(folder: Path, noticed: Noticed) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename} can't be read: {error.strerror}") from error

    seen = {_identity(folder)}
    for where, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        folders.sort()
        noticed.add(HIDDEN, *sorted(Path(where, name) for name in folders + files if name.startswith(".")))
        entered = []
        for path in (Path(where, name) for name in folders if not name.startswith(".")):
            if (identity := _identity(path)) in seen:
                noticed.add(AGAIN, path)
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
