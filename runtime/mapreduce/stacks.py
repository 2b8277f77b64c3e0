"""What the threads of this process are doing: whether one runs code of the user's, or waits in a pool."""

import gc
import os
import sys
import threading
from types import FrameType

_LIBRARIES = (os.path.dirname(threading.__file__) + os.sep, "/opt/python/", "<frozen ")
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")

_collection = threading.Lock()


def own_files() -> dict[threading.Thread, set[str]]:
    """For each thread the files whose code it runs: the user's and this package's, but not the standard library and packages."""
    frames = _current_frames()
    return {thread: _files(frames.get(thread.ident or 0)) for thread in threading.enumerate()}


def _current_frames() -> dict[int, FrameType]:
    """The frame of each thread, without a garbage collection meanwhile.

    In Python 3.11 one may run while the interpreter holds its lock on the list of threads: all threads then wait for one another
    for ever, or a frame is no frame any more when it is read, see https://github.com/python/cpython/issues/106883.
    """
    with _collection:
        collects = gc.isenabled()
        gc.disable()
        try:
            return sys._current_frames()
        finally:
            if collects:
                gc.enable()


def _files(frame: FrameType | None) -> set[str]:
    files = set()
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_LIBRARIES) and not any(folder in name for folder in _INSTALLED):
            files.add(name)
        frame = frame.f_back
    return files
