"""How a process that a map started tells its parent that it did what it can't: a number in memory that both see.

A forked process has its parent's page, as it has all shared memory. One that multiprocessing spawned finds that page by name, in
/proc. Neither can raise an error in its parent, and its own may be lost: in a pool, nobody may ask for it.
"""

import os
import sys
from contextlib import suppress
from mmap import mmap

_NAME = "mapreduce-told"


def told() -> int:
    """How often `tell` was called in processes that this one started, and in this one."""
    return _page[0]


def tell(*, forked: bool) -> None:
    """Raise the parent's number; or that of this process, if there is no such parent. `forked`: whether this one was."""
    page = (_page if forked else _parents_page()) or _page
    page[0] += 1


def parent() -> int | None:
    """The process that started this one by multiprocessing, which has then been imported."""
    multiprocessing = sys.modules.get("multiprocessing.process")
    process = multiprocessing.parent_process() if multiprocessing else None
    return process.pid if process else None


def _create() -> memoryview:
    try:
        file = os.memfd_create(_NAME)
        os.ftruncate(file, 8)
    except (AttributeError, OSError):
        file = -1  # Not on this platform: then only forked processes see it.
    return _open(file)


def _open(file: int) -> memoryview:
    return memoryview(mmap(file, 8)).cast("Q")


def _parents_page() -> memoryview | None:
    folder = f"/proc/{parent()}/fd"
    with suppress(OSError):
        for name in os.listdir(folder):
            with suppress(OSError):
                if os.readlink(f"{folder}/{name}").startswith(f"/memfd:{_NAME}"):
                    with open(f"{folder}/{name}", "r+b", buffering=0) as file:
                        return _open(file.fileno())
    return None


_page = _create()
