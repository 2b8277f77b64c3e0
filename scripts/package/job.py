"""A job's files, in place of the ones that the repository's own job has in `functions/`.

A folder holds `user_map.py` and `user_reduce.py`, and perhaps `user_combine.py`. Whatever else lies in it, such as an input, is
not packaged.
"""

from pathlib import Path

FILES = {"mapper": ("user_map.py", "user_combine.py"), "reducer": ("user_reduce.py",)}
"""The programmer's files, by the function whose folder they are in."""

_REQUIRED = ("user_map.py", "user_reduce.py")


class JobError(Exception):
    """A folder holds no job; the message says what it lacks."""


def check_job(folder: Path) -> None:
    """Raises JobError: the folder isn't there, or lacks a file that every job has."""
    if missing := [name for name in _REQUIRED if not (folder / name).is_file()]:
        raise JobError(f"{folder} is no job: it has no {' and no '.join(missing)}")


def with_job(files: dict[str, bytes], folder: Path | None) -> dict[str, bytes]:
    """Files by their path in the repository, with those of a job in the place of the repository's own; None is the latter.

    Raises:
        OSError: one of the job's files can't be read.
    """
    if folder is None:
        return files
    exchanged = dict(files)
    for function, names in FILES.items():
        if not any(path.startswith(f"functions/{function}/") for path in files):
            continue
        for name in names:
            exchanged.pop(f"functions/{function}/{name}", None)
            if (folder / name).is_file():
                exchanged[f"functions/{function}/{name}"] = (folder / name).read_bytes()
    return exchanged
