"""Files that others may be reading: written whole or not at all."""

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, blocks: Iterable[bytes], *, lasting: bool = False) -> None:
    """Write a file, given in parts: beside its place first, then moved there, with the mode of what was there before.

    With `lasting`, it is on the disk when this returns, so that not even a machine that loses its power can lose it.

    Raises:
        OSError: it could not be written; what was there before is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name[:100]}.{os.getpid()}")  # another process may be writing the same
    try:
        with beside.open("wb") as file:
            file.writelines(blocks)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        if path.exists():
            os.chmod(beside, path.stat().st_mode & 0o777)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write a file whole, or leave it untouched if it holds `content` already; whether it was written."""
    if path.exists() and path.read_bytes() == content:
        return False
    write_whole(path, [content])
    return True
