"""The files of a job's folder that go with its code, and what stays behind.

All of the folder goes: modules, packages, data files. What stays behind: names that begin with a dot (.git, .venv, caches of
tools), byte code, virtual environments, what job.toml's `leave_out` names, and files that are too large to be code or its data.
requirements.txt and job.toml stay, too: a layer holds what the one asks for, and the client reads the other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from scripts.jobs.fields import JobError

LARGEST_FILE = 32 * 1024 * 1024
"""Bytes. An input that lies in the job's folder has no use in the functions, and each cold start would pay for it."""

MOST_BYTES = 200 * 1024 * 1024
"""Of all files together. Lambda takes 250 MB with layers and runtime, unzipped."""

_READ_HERE = ("job.toml", "requirements.txt")


@dataclass(frozen=True)
class Contents:
    """What a folder holds: `{path below it: file}` of what goes, and a line for each thing left out that is worth telling."""

    files: dict[str, Path]
    left_out: list[str]

    def read(self) -> dict[str, bytes]:
        """The content of the files by their path. Raises OSError."""
        return {path: file.read_bytes() for path, file in self.files.items()}


def contents(folder: Path, leave_out: Sequence[str] = ()) -> Contents:
    """Look through a job's folder; `leave_out` are patterns of paths, in which * matches slashes, too.

    Raises:
        JobError: what is left is too much for a function.
    """
    files: dict[str, Path] = {}
    left_out: list[str] = []
    total = 0
    for path, file in _walk(folder, folder, left_out):
        if any(fnmatch(path, pattern) or fnmatch(path, f"{pattern.rstrip('/')}/*") for pattern in leave_out):
            left_out.append(f"{path} (leave_out)")
            continue
        size = file.stat().st_size
        if size > LARGEST_FILE:
            left_out.append(f"{path} ({_mb(size)}, more than {_mb(LARGEST_FILE)})")
            continue
        files[path] = file
        total += size
    if total > MOST_BYTES:
        largest = max(files, key=lambda path: files[path].stat().st_size)
        raise JobError(
            f"{folder} holds {_mb(total)} in {len(files)} files, and a function may have {_mb(MOST_BYTES)}; the largest is "
            f"{largest}. Move inputs elsewhere, or name in job.toml what the code does not need: "
            f'leave_out = ["{Path(largest).parts[0]}"]'
        )
    return Contents(files, left_out)


def _walk(folder: Path, below: Path, left_out: list[str]) -> Iterator[tuple[str, Path]]:
    """Paths of files in a fixed order. Links to files are followed; a linked folder may lead anywhere, also in a circle."""
    with os.scandir(folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        file = Path(entry.path)
        path = file.relative_to(below).as_posix()
        if entry.name.startswith(".") or entry.name == "__pycache__" or entry.name.endswith(".pyc") or path in _READ_HERE:
            continue
        if entry.is_dir(follow_symlinks=False):
            if (file / "pyvenv.cfg").exists():
                left_out.append(f"{path}/ (a virtual environment)")
            else:
                yield from _walk(file, below, left_out)
        elif file.is_file():
            yield path, file
        else:
            left_out.append(f"{path} (no file; links to folders are not followed)")


def _mb(size: int) -> str:
    return f"{size / 1024 / 1024:.0f} MB"
