"""Calls the programmer's functions, and looks at what they return: what is thrown away unseen is a wrong result.

user_map      gets a text and, if it asks for it, the text's source; returns None, or an iterator of pairs, such as a generator
              that yields `(word, value)`: each pair is emitted
user_combine  returns a JSON value, see `values`; a job need not have this function
user_reduce   returns a JSON value
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import closing, suppress
from types import FunctionType
from typing import Any

from runtime.mapreduce.emitter import emit
from runtime.mapreduce.scope import combining, current_scope
from runtime.mapreduce.sequence import Values
from runtime.mapreduce.shuffle import Combine
from runtime.mapreduce.source import Source
from runtime.mapreduce.user_code import SIGNATURES, told, user_function
from runtime.mapreduce.values import MAX_INTEGER, Json, canonical, shown

GIVEN_TEXT = "user_map was given the text from byte"

_TO_EMIT = "call emit(word) for each word and return nothing, or yield pairs (word, value)"
_DATA = frozenset({type(None), int, float, bool, str, list, dict})
"""What is surely nothing that runs later: asked first, since this is asked for each word."""


def run_map(user_map: Callable[..., Any], text: str, source: Source | None = None) -> None:
    """Call user_map, inside `emitting`, and emit the pairs that it yields.

    Args:
        user_map: takes a text, or a text and its source, see `takes_source`.
        text: to map.
        source: where the text comes from, if anybody knows.

    Raises:
        TypeError: user_map can't be called, or returned something that can't be emitted.
        ValueError: it yielded a value that JSON does not carry as it is.
        Exception: whatever user_map or `emit` raises, with a note that says where the text comes from.
    """
    try:
        _map(user_map, text, source or Source())
    except Exception as error:
        if source and source.name:
            _note(error, given_text(source))
        raise


def _map(user_map: Callable[..., Any], text: str, source: Source) -> None:
    module = sys.modules.get(getattr(user_map, "__module__", None) or "")
    current_scope().expect_no_work_in(getattr(module, "__file__", None))
    returned = _call("map", user_map, *((text, source) if takes_source(user_map) else (text,)))
    if isinstance(returned, Iterator):
        # Closed here, while it may still emit, if it ends before its end.
        with closing(_to_the_end(user_map, returned)) as items:
            for item in items:
                word, value = _pair(user_map, item)
                emit(word, value)
    elif returned is not None:
        raise TypeError(f"{told('map', user_map)} returned {shown(returned)}; {_TO_EMIT}")


def given_text(source: Source) -> str:
    """A source in a message."""
    return f"{GIVEN_TEXT} {source.offset:,} of {source.name or 'the input'} on"


def _note(error: Exception, note: str) -> None:
    """Add a note to an error of the user's, which may be of any kind, and one that was raised before."""
    with suppress(Exception):
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)


def takes_source(user_map: Callable[..., Any]) -> bool:
    """Whether a map asks for the source of its text: by a second argument that has no default, or that is called `source`."""
    if type(user_map) is FunctionType and not hasattr(user_map, "__wrapped__"):
        code = user_map.__code__  # `inspect` would say it, too, but costs each cold start some milliseconds.
        names, required = code.co_varnames[: code.co_argcount], code.co_argcount - len(user_map.__defaults__ or ())
        return len(names) > 1 and (required > 1 or names[1] == "source")
    import inspect

    try:
        parameters = [each for each in inspect.signature(user_map).parameters.values() if each.kind < each.VAR_POSITIONAL]
    except (TypeError, ValueError):
        return False
    return len(parameters) > 1 and (parameters[1].default is inspect.Parameter.empty or parameters[1].name == "source")


def run_reduce(user_reduce: Callable[[str, Values], Any], word: str, values: Values) -> Json:
    """Call user_reduce for one word, and return its value, in which each `Values` is now a list.

    Raises:
        TypeError: user_reduce can't be called, or returned something that JSON does not have.
        ValueError: it returned something that JSON does not carry as it is.
        Exception: whatever user_reduce raises.
    """
    return _value_of("reduce", user_reduce, word, values)


def find_combine(package: str) -> Combine | None:
    """The `combiner` of the job, see `user_code.user_function`; None if the job has none. Raises ImportError."""
    user_combine = user_function("combine", package)
    return None if user_combine is None else combiner(user_combine)


def combiner(user_combine: Callable[[str, Values], Any]) -> Combine:
    """What calls user_combine for one word, and returns its value. It raises what `run_reduce` does."""

    def combine(word: str, values: Values) -> Json:
        with combining(user_combine):
            return _value_of("combine", user_combine, word, values)

    return combine


def _value_of(kind: str, function: Callable[[str, Values], Any], word: str, values: Values) -> Json:
    value = _call(kind, function, word, values)
    if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return value  # nearly always
    try:
        if isinstance(value, Iterator):
            raise TypeError("an iterator is no value; return one value for each word, with return in place of yield")
        return canonical(value)
    except (TypeError, ValueError) as error:
        message = (
            f"{told(kind, function)} returned {shown(value)}, of type {type(value).__name__}, for the word {shown(word)}: {error}"
        )
        raise type(error)(message) from None


def _call(kind: str, function: Callable[..., Any], *given: Any) -> Any:
    try:
        returned = function(*given)
    except TypeError as error:
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise
        # No frame of the function's own: the call itself did not fit.
        signature = f"write def user_{kind}{SIGNATURES[kind]}"
        if not callable(function):
            raise TypeError(f"user_{kind} is no function but {shown(function)}; {signature}") from None
        name = told(kind, function)
        raise TypeError(f"{name} can't be called with ({', '.join(map(shown, given))}): {error}; {signature}") from error
    return returned if type(returned) in _DATA else _data(kind, function, returned)


def _data(kind: str, function: Callable[..., Any], returned: Any) -> Any:
    if isinstance(returned, Coroutine):
        returned.close()  # Python warns of one that nobody awaits, long after and elsewhere.
    if isinstance(returned, Awaitable | AsyncIterator):
        name = told(kind, function)
        raise TypeError(f"{name} returned {shown(returned)}; write def in place of async def, and asyncio.run(...) inside it")
    return returned


def _to_the_end(user_map: Callable[..., Any], items: Any) -> Generator[Any, None, None]:
    returned = yield from items
    if returned is not None:
        name = told("map", user_map)
        raise TypeError(f"{name} yielded pairs and then returned {shown(returned)}, which would be lost; yield it, too")


def _pair(user_map: Callable[..., Any], item: Any) -> tuple[str, Any]:
    if type(item) is tuple and len(item) == 2 and type(item[0]) is str:
        return item  # nearly always
    match item:
        case (str(word), value):
            return word, value
    name = told("map", user_map)
    raise TypeError(f"{name} yielded {shown(item)}, which is no pair of a word, a string, and a value; {_TO_EMIT}")
