"""A job's files, in place of the ones that a workflow's functions have of their own.

A folder holds `user_map.py` and `user_reduce.py`, and perhaps `user_combine.py`. Whatever else lies in it, such as an input, is
not packaged.
"""

from collections.abc import Iterable
from pathlib import Path

_TOGETHER = (("user_map.py", "user_combine.py"), ("user_reduce.py",))
"""The programmer's files. The first of each group has to be there; a function that has it gets the whole group."""


class JobError(Exception):
    """A folder holds no job; the message says what it lacks."""


def check_job(folder: Path, workflow: str, functions: Iterable[Path]) -> None:
    """Check that a folder holds a job, and that a workflow, given its name and the folders of its functions, has a use for it.

    Raises:
        JobError: it isn't so.
    """
    required = [group[0] for group in _TOGETHER]
    if missing := [name for name in required if not (folder / name).is_file()]:
        raise JobError(f"{folder} is no job: it has no {' and no '.join(missing)}")
    having = list(functions)
    if useless := [name for name in required if not any((function / name).is_file() for function in having)]:
        raise JobError(f"{folder} can't be used: no function of {workflow} has a {' or '.join(useless)}")


def with_job(files: dict[str, bytes], folder: Path | None) -> dict[str, bytes]:
    """Files by path, `functions/{function}/{name}`, with those of a job in the place of the functions' own; None is the latter.

    Raises:
        OSError: one of the job's files can't be read.
    """
    if folder is None:
        return files
    exchanged = dict(files)
    for required, *others in _TOGETHER:
        for path in [path for path in files if path.count("/") == 2 and path.endswith(f"/{required}")]:
            for name in (required, *others):
                exchanged.pop(path.replace(required, name), None)
                if (folder / name).is_file():
                    exchanged[path.replace(required, name)] = (folder / name).read_bytes()
    return exchanged
