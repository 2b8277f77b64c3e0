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
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import TracebackType
from typing import Any
from weakref import WeakSet

from runtime.mapreduce import processes
from runtime.mapreduce.batches import Batches, NoWordError
from runtime.mapreduce.shuffle import Writer
from runtime.mapreduce.stacks import own_files
from runtime.mapreduce.user_code import shown_file, told
from runtime.mapreduce.values import Json, canonical, exact, shown

scope_here: ContextVar["Scope | None"] = ContextVar("scope", default=None)
"""That of this context, if it has one; `current_scope` knows better."""

_scopes: tuple["Scope", ...] = ()
"""Those between `__enter__` and `__exit__`. Replaced, never changed, so that it is read without the lock."""

_lock = threading.Lock()

_combining: dict[int, Any] = {}
"""The combiner that runs in a thread, by the thread's number."""

_strays: WeakSet[threading.Thread] = WeakSet()
"""Threads that a failed map left at work. What they emit is not the next mapper's."""

_process = os.getpid()
"""The one in which mappers run."""


def current_scope() -> "Scope":
    """The scope that this call of `emit` belongs to. Raises RuntimeError: there is none, or it can't be told which."""
    if (scope := scope_here.get()) is not None:
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

    Attributes:
        ident: the thread that called user_map.
        counts: what that thread may count up by itself, see `shuffle.Writer`; empty once nobody may emit here any more.

    Entered before user_map is called, and left when all that was emitted is stored. Two questions come between: `close`, when
    user_map has returned, and `check` at the end. No generator of `contextmanager` is around it, since a combiner is called here,
    too, and a StopIteration that it raises would become another error.
    """

    def __init__(self, writer: Writer) -> None:
        self.ident, self.counts = threading.get_ident(), writer.counts
        self._writer = writer
        self._process, self._told = os.getpid(), processes.told()
        self._batches = Batches(self._hand_out)
        self._threads: WeakSet[threading.Thread] = WeakSet()
        self._before = WeakSet(threading.enumerate())
        self._file: str | None = None
        self._open = True
        self._failure: Exception | None = None

    def __enter__(self) -> "Scope":
        global _scopes, _process
        with _lock:
            _scopes, _process = (*_scopes, self), self._process
        self._token = scope_here.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if error is None:
                self.close()
                self._writer.finish()
                self.check()
        except BaseException as own:
            error = own
            raise
        finally:
            self._leave(error)
            self._writer.abandon()

    def _leave(self, error: BaseException | None) -> None:
        global _scopes
        self._end_forked_process(error)
        self.end()
        if error is not None:
            _strays.update(self._at_work())
        scope_here.reset(self._token)
        with _lock:
            _scopes = tuple(scope for scope in _scopes if scope is not self)

    def emit(self, word: str, value: Json) -> None:
        """Hand out a pair. Raises what `emit` raises, and keeps it for the mapper's end."""
        try:
            if not self._open or threading.get_ident() != self.ident or _combining:
                self._admit()
            if type(word) is not str:
                word = _exact_word(word)
            try:
                value = canonical(value)
            except (TypeError, ValueError) as error:
                raise self._no_value(word, value, error) from None
            if self._batches.held and threading.get_ident() == self.ident:
                self._batches.release()
            self._writer.add(word, value)
        except Exception as error:
            self.note(error)
            raise

    def emit_all(self, words: Iterable[str]) -> None:
        """Hand out `(word, 1)` for each word. Raises like `emit`, and whatever `words` raises."""
        self._hand_out({})
        try:
            self._batches.count(words, hold=threading.get_ident() == self.ident)
        except NoWordError as error:
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
        self.end()
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
        if processes.told() != self._told:
            raise RuntimeError(f"a process that user_map started called emit() or came out of user_map; {_RETURN}")

    def end(self) -> None:
        """Let nobody emit here any more."""
        self._open, self.counts = False, {}

    def _admit(self) -> None:
        """Raise if this thread may not emit here now."""
        if os.getpid() != self._process:
            raise _another_process()
        if threading.get_ident() in _combining:
            raise RuntimeError(f"{told('combine', _combining[threading.get_ident()])} called emit(); it returns its value")
        if not self._open:
            raise self._too_late()
        if threading.get_ident() != self.ident:
            self._threads.add(threading.current_thread())

    def _hand_out(self, counts: dict[str, int]) -> None:
        try:
            self._admit()
            self._writer.add_counts(counts)
        except Exception as error:
            self.note(error)
            raise

    def _too_late(self) -> Exception:
        thread = threading.current_thread()
        message = f"{_called(thread)} after its user_map had returned; {_WAIT}"
        if self in _scopes or self.knows(thread):
            return RuntimeError(message)
        # The context of an earlier mapper, used in a later one: the word is lost to the later one.
        return _noted(_scopes, message)

    def _no_value(self, word: str, value: Any, error: Exception) -> Exception:
        where = f" in {shown_file(self._file)}" if self._file else ""
        kind = type(value).__name__
        return type(error)(f"user_map{where} emitted {shown(value)}, of type {kind}, for the word {shown(word)}: {error}")

    def _at_work(self) -> list[threading.Thread]:
        """The threads that have emitted, or may yet, and are in the middle of something: one of a pool that waits is not."""
        alone = _scopes == (self,)
        found = []
        for thread, files in own_files().items():
            may_emit = alone and self._file in files and thread not in self._before and not thread.daemon
            if files and thread.ident != self.ident and (self.knows(thread) or may_emit):
                found.append(thread)
        return found

    def _end_forked_process(self, error: BaseException | None) -> None:
        """End a process that user_map forked and that comes out of it: it must not go on as a second mapper."""
        if os.getpid() == self._process:
            return
        status = 1
        if not isinstance(error, SystemExit):
            processes.tell(forked=True)
            with suppress(Exception):  # whatever can't be told: it ends
                import traceback

                traceback.print_exception(error or _another_process())
        elif error.code is None or isinstance(error.code, int):
            status = error.code or 0
        else:
            print(error.code, file=sys.stderr)  # As Python does.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _exact_word(word: Any) -> str:
    if not isinstance(word, str):
        raise TypeError(f"emit() takes a word, a string; got {shown(word)}")
    return exact(word)


@contextmanager
def combining(user_combine: Any) -> Iterator[None]:
    """Let nobody emit in this thread: a writer combines what was emitted, and is in no state to take more."""
    _combining[threading.get_ident()] = user_combine
    try:
        yield
    finally:
        del _combining[threading.get_ident()]


def _end_all() -> None:
    for scope in _scopes:
        scope.end()


# A forked process has a thread of the same number.
os.register_at_fork(after_in_child=_end_all)

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
