"""What the author of a job is told of an error: the frames of the job's own code, and what it was at work on."""

import os
import sysconfig
import traceback
from collections.abc import Iterator
from types import CodeType, FrameType, TracebackType
from typing import Any

from runtime.mapreduce import programmer
from runtime.mapreduce.values import shown
from scripts import paths

_MAP, _VALUE_OF = programmer._map.__code__, programmer._value_of.__code__

_LIBRARIES = tuple(os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_OURS = tuple(f"{paths.ROOT}{os.sep}{folder}{os.sep}" for folder in ("runtime", "scripts", "build"))
_MOST_LOCALS = 6


def describe(error: BaseException) -> str:
    """The report of an error, in lines."""
    told = traceback.TracebackException.from_exception(error)
    for each in _chained(told):
        # Where the text comes from is told below, with the text.
        each.__notes__ = [note for note in each.__notes__ or () if not note.startswith(programmer.GIVEN_TEXT)]
        each.stack = traceback.StackSummary.from_list([frame for frame in each.stack if is_own(frame.filename)])
    lines = "".join(told.format()).rstrip("\n").split("\n")
    return "\n".join([*lines, *_locals(error), *_work(error)])


def own_traceback(error: BaseException) -> TracebackType | None:
    """The error's traceback with the frames of the job's own code alone; all of it if none is."""
    made: TracebackType | None = None
    for frame, each in reversed(list(_frames(error.__traceback__))):
        if is_own(frame.f_code.co_filename):
            made = TracebackType(made, frame, each.tb_lasti, each.tb_lineno)
    return made or error.__traceback__


def is_own(file: str) -> bool:
    """Whether a file is the author's: neither a library's nor this project's."""
    path = os.path.realpath(file)
    if file.startswith("<frozen") or path.startswith(_LIBRARIES) or path.startswith(_OURS):
        return False
    folder, name = os.path.split(path)
    return not (os.path.dirname(folder) == str(paths.FUNCTIONS) and name == f"{os.path.basename(folder)}.py")


def _chained(told: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    yield told
    for each in (told.__cause__, told.__context__, *(told.exceptions or ())):
        if each is not None:
            yield from _chained(each)


def _frames(trace: TracebackType | None) -> Iterator[tuple[FrameType, TracebackType]]:
    while trace is not None:
        yield trace.tb_frame, trace
        trace = trace.tb_next


def _locals(error: BaseException) -> Iterator[str]:
    """What the variables were in the last frame of the author's."""
    own = [frame for frame, _ in _frames(error.__traceback__) if is_own(frame.f_code.co_filename)]
    if own and own[-1].f_code.co_name != "<module>":
        names = [name for name in own[-1].f_locals if not name.startswith(".")]
        for name in names[-_MOST_LOCALS:]:
            yield f"    {name} = {shown(own[-1].f_locals[name])}"


def _work(error: BaseException) -> Iterator[str]:
    """The piece, or the word and the values, that a function of the author's was called with."""
    if found := _locals_of(_MAP, error):
        yield f"  {programmer.given_text(found['source'])}: {shown(found['text'])}"
    if found := _locals_of(_VALUE_OF, error):
        yield f"  user_{found['kind']} was given the word {shown(found['word'])} and the values {shown(found['values'])}"


def _locals_of(code: CodeType, error: BaseException) -> dict[str, Any] | None:
    return next((frame.f_locals for frame, _ in _frames(error.__traceback__) if frame.f_code is code), None)
