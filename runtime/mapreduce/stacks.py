"""What the threads of this process are doing: whether one runs code of the user's, or waits in a pool."""

import os
import sys
import threading
from types import FrameType

_LIBRARIES = (os.path.dirname(threading.__file__) + os.sep, "/opt/python/", "<frozen ")
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def own_files() -> dict[threading.Thread, set[str]]:
    """For each thread the files whose code it runs: the user's and this package's, but not the standard library and packages."""
    frames = sys._current_frames()
    return {thread: _files(frames.get(thread.ident or 0)) for thread in threading.enumerate()}


def _files(frame: FrameType | None) -> set[str]:
    files = set()
    # Python 3.11 once gave another object than a frame, of a thread that went on meanwhile.
    while isinstance(frame, FrameType):
        name = frame.f_code.co_filename
        if not name.startswith(_LIBRARIES) and not any(folder in name for folder in _INSTALLED):
            files.add(name)
        frame = frame.f_back
    return files
