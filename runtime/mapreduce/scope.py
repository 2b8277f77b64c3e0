"""Where and when `emit` works: in the thread that called user_map, and in threads and tasks that it starts and waits for.

    which mapper      that of the context, which tasks and `asyncio.to_thread` take along; a plain thread has none, and belongs to
                      the one mapper that runs. Lambda runs one at a time in a process. Where several run, as in tests, a thread
                      needs the context of its own: `contextvars.copy_context().run`
    too late          after user_map has returned nobody waits: `emit` raises. The mapper fails if it hears of it before its
                      end, and if a thread is still at work when user_map returns: one that has emitted, or one that runs code
                      of user_map's own file
    another process   has neither the puts' threads nor their connections: `emit` raises. A process that multiprocessing started
                      also tells its parent, see `processes`; the parent's mapper then fails

Each error of `emit` fails the mapper, whoever catches it: in a thread or a task there may be nobody who asks.
"""

import os
import sys
import threading
import traceback
from contextvars import ContextVar
from types import FrameType, TracebackType
from typing import Any
from weakref import WeakSet

from runtime.mapreduce import processes
from runtime.mapreduce.shuffle import Writer
from runtime.mapreduce.values import Json, canonical, exact, shown

MAP = "user_map in functions/mapper/user_map.py"

_current: ContextVar["Scope | None"] = ContextVar("scope", default=None)

_scopes: tuple["Scope", ...] = ()
"""Those between `__enter__` and `__exit__`. Replaced, never changed, so that it is read without the lock."""

_lock = threading.Lock()

_strays: WeakSet[threading.Thread] = WeakSet()
"""Threads that a failed map left at work. What they emit is not the next mapper's."""

_process = os.getpid()
"""The one in which mappers run."""

_LIBRARIES = (os.path.dirname(threading.__file__) + os.sep, "/opt/python/", "<frozen ")
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def current_scope() -> "Scope":
    """The scope that this call of `emit` belongs to.

    Raises:
        RuntimeError: there is none, or it can't be told which.
    """
    if (scope := _current.get()) is not None:
        return scope
    thread, scopes = threading.current_thread(), _scopes
    if os.getpid() != _process or (not scopes and processes.parent() is not None):
        raise _another_process()
    if thread in _strays:
        raise _noted(scopes, f"{_called(thread)}, which an earlier user_map left at work when it failed; {_WAIT}")
    scopes = tuple(scope for scope in scopes if scope.knows(thread)) or scopes
    if len(scopes) > 1:
        advice = "start it with contextvars.copy_context().run"
        raise _noted(scopes, f"{_called(thread)}, which may be any of {len(scopes)} mappers' in this process; {advice}")
    if not scopes:
        raise RuntimeError("emit() works only while a mapper runs, before user_map returns")
    return scopes[0]


class Scope:
    """One mapper's. `writer` takes what is emitted.

    Entered before user_map is called, and left when all that was emitted is stored. Two questions come between: `close`, when
    user_map has returned, and `check` at the end.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._process, self._ident, self._told = os.getpid(), threading.get_ident(), processes.told()
        self._threads: WeakSet[threading.Thread] = WeakSet()
        self._before = WeakSet(threading.enumerate())
        self._file: str | None = None
        self._closed = False
        self._failure: Exception | None = None

    def __enter__(self) -> "Scope":
        global _scopes, _process
        with _lock:
            _scopes, _process = (*_scopes, self), self._process
        self._token = _current.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        global _scopes
        self._end_forked_process(error)
        self._closed = True
        if error is not None:
            _strays.update(self._at_work())
        _current.reset(self._token)
        with _lock:
            _scopes = tuple(scope for scope in _scopes if scope is not self)

    def emit(self, word: str, value: Json) -> None:
        """Hand out a pair. Raises what `emit` raises, and keeps it for the mapper's end."""
        if os.getpid() != self._process:
            raise _another_process()
        try:
            if self._closed:
                raise self._too_late()
            if threading.get_ident() != self._ident:
                self._threads.add(threading.current_thread())
            self._check_children()
            if not isinstance(word, str):
                raise TypeError(f"emit() takes a word, a string; got {shown(word)}")
            self._writer.add(exact(word), _value(word, value))
        except Exception as error:
            self.note(error)
            raise

    def expect_no_work_in(self, file: str | None) -> None:
        """Look, when user_map has returned, for threads that run code of this file, whether or not they have emitted yet."""
        self._file = file

    def knows(self, thread: threading.Thread) -> bool:
        """Whether a thread has emitted here."""
        return thread in self._threads

    def note(self, error: Exception) -> None:
        """Let the mapper fail of this, unless it fails of something earlier."""
        self._failure = self._failure or error

    def close(self) -> None:
        """From here on nobody may emit. Raises the first error that is known so far."""
        self._end_forked_process(None)
        self._closed = True
        for thread in self._at_work():
            self.note(RuntimeError(f"user_map returned while thread {thread.name!r} of its own is still at work; {_WAIT}"))
        self.check()

    def check(self) -> None:
        """Raise the first error of `emit`, whoever got it.

        Raises:
            TypeError, ValueError, StorageError: see `emit`.
            RuntimeError: `emit` was called too late or in another process.
        """
        if self._failure is not None:
            raise self._failure
        self._check_children()

    def _check_children(self) -> None:
        if processes.told() != self._told:
            raise RuntimeError(f"a process that user_map started called emit() or came out of user_map; {_RETURN}")

    def _too_late(self) -> Exception:
        thread = threading.current_thread()
        message = f"{_called(thread)} after its user_map had returned; {_WAIT}"
        if self in _scopes or self.knows(thread):
            return RuntimeError(message)
        # The context of an earlier mapper, used in a later one: the word is lost to the later one.
        return _noted(_scopes, message)

    def _at_work(self) -> list[threading.Thread]:
        """The threads that have emitted, or may yet, and are in the middle of something: one of a pool that waits is not."""
        frames = sys._current_frames()
        alone = _scopes == (self,)
        found = []
        for thread in threading.enumerate():
            files = _own_files(frames.get(thread.ident or 0))
            may_emit = alone and self._file in files and thread not in self._before and not thread.daemon
            if files and thread.ident != self._ident and (self.knows(thread) or may_emit):
                found.append(thread)
        return found

    def _end_forked_process(self, error: BaseException | None) -> None:
        """End a process that user_map forked and that comes out of it: it must not go on as a second mapper."""
        if os.getpid() == self._process:
            return
        status = 1
        if not isinstance(error, SystemExit):
            processes.tell(forked=True)
            traceback.print_exception(error or _another_process())
        elif error.code is None or isinstance(error.code, int):
            status = error.code or 0
        else:
            print(error.code, file=sys.stderr)  # As Python does.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _value(word: str, value: Any) -> Json:
    try:
        return canonical(value)
    except (TypeError, ValueError) as error:
        message = f"{MAP} emitted {shown(value)}, of type {type(value).__name__}, for the word {shown(word)}: {error}"
        raise type(error)(message) from None


_WAIT = "wait in user_map for every thread and task that emits, also when it fails"
_RETURN = "return the words to the process of user_map and emit them there, or use threads"


def _called(thread: threading.Thread) -> str:
    return f"emit() was called in thread {thread.name!r}"


def _noted(scopes: tuple[Scope, ...], message: str) -> Exception:
    error = RuntimeError(message)
    for scope in scopes:
        scope.note(error)
    return error


def _another_process() -> Exception:
    processes.tell(forked=os.getpid() != _process)
    return RuntimeError(f"emit() was called in another process than user_map; {_RETURN}")


def _own_files(frame: FrameType | None) -> set[str]:
    """The files whose code a stack runs: the user's and this package's, but not the standard library and installed packages."""
    files = set()
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_LIBRARIES) and not any(folder in name for folder in _INSTALLED):
            files.add(name)
        frame = frame.f_back
    return files
