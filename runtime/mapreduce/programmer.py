"""Calls the programmer's functions, and looks at what they return: what is thrown away unseen is a wrong result.

user_map      None, or an iterator of pairs, such as a generator that yields `(word, value)`: each pair is emitted
user_combine  a JSON value, see `values`; a job need not have this function
user_reduce   a JSON value
"""

import importlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import closing
from typing import Any

from runtime.mapreduce.emitter import emit
from runtime.mapreduce.scope import MAP, combining, current_scope
from runtime.mapreduce.sequence import Values
from runtime.mapreduce.shuffle import Combine
from runtime.mapreduce.values import MAX_INTEGER, Json, canonical, shown

_REDUCE = "user_reduce in functions/reducer/user_reduce.py"
_COMBINE = "user_combine in functions/mapper/user_combine.py"
_ARGUMENTS = "(word, values)"
_TO_EMIT = "call emit(word) for each word and return nothing, or yield pairs (word, value)"
_DATA = frozenset({type(None), int, float, bool, str, list, dict})
"""What is surely nothing that runs later: asked first, since this is asked for each word."""


def run_map(user_map: Callable[[str], Any], text: str) -> None:
    """Call user_map, inside `emitting`, and emit the pairs that it yields.

    Raises:
        TypeError: user_map can't be called, or returned something that can't be emitted.
        ValueError: it yielded a value that JSON does not carry as it is.
        Exception: whatever user_map or `emit` raises.
    """
    module = sys.modules.get(getattr(user_map, "__module__", None) or "")
    current_scope().expect_no_work_in(getattr(module, "__file__", None))
    returned = _call(MAP, "(text)", user_map, text)
    if isinstance(returned, Iterator):
        # Closed here, while it may still emit, if it ends before its end.
        with closing(_to_the_end(returned)) as items:
            for item in items:
                word, value = _pair(item)
                emit(word, value)
    elif returned is not None:
        raise TypeError(f"{MAP} returned {shown(returned)}; {_TO_EMIT}")


def run_reduce(user_reduce: Callable[[str, Values], Any], word: str, values: Values) -> Json:
    """Call user_reduce for one word, and return its value, in which each `Values` is now a list.

    Raises:
        TypeError: user_reduce can't be called, or returned something that JSON does not have.
        ValueError: it returned something that JSON does not carry as it is.
        Exception: whatever user_reduce raises.
    """
    return _value_of(_REDUCE, user_reduce, word, values)


def find_combine(package: str) -> Combine | None:
    """The `combiner` of the job: `user_combine` of the module of that name in `package`. None if there is no such module.

    Raises:
        ImportError: the module can't be imported, or has no such function.
    """
    name = f"{package}.user_combine"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
    user_combine = getattr(module, "user_combine", None)
    if user_combine is None:
        raise ImportError(f"functions/mapper/user_combine.py has no user_combine; write def user_combine{_ARGUMENTS}")

    return combiner(user_combine)


def combiner(user_combine: Callable[[str, Values], Any]) -> Combine:
    """What calls user_combine for one word, and returns its value. It raises what `run_reduce` does."""

    def combine(word: str, values: Values) -> Json:
        with combining():
            return _value_of(_COMBINE, user_combine, word, values)

    return combine


def _value_of(name: str, function: Callable[[str, Values], Any], word: str, values: Values) -> Json:
    value = _call(name, _ARGUMENTS, function, word, values)
    if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return value  # nearly always
    try:
        if isinstance(value, Iterator):
            raise TypeError("an iterator is no value; return one value for each word, with return in place of yield")
        return canonical(value)
    except (TypeError, ValueError) as error:
        message = f"{name} returned {shown(value)}, of type {type(value).__name__}, for the word {shown(word)}: {error}"
        raise type(error)(message) from None


def _call(name: str, arguments: str, function: Callable[..., Any], *given: Any) -> Any:
    try:
        returned = function(*given)
    except TypeError as error:
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise
        # No frame of the function's own: the call itself did not fit.
        signature = f"write def {name.partition(' ')[0]}{arguments}"
        if not callable(function):
            raise TypeError(f"{name} is no function but {shown(function)}; {signature}") from None
        raise TypeError(f"{name} can't be called with ({', '.join(map(shown, given))}): {error}; {signature}") from error
    return returned if type(returned) in _DATA else _data(name, returned)


def _data(name: str, returned: Any) -> Any:
    if isinstance(returned, Coroutine):
        returned.close()  # Python warns of one that nobody awaits, long after and elsewhere.
    if isinstance(returned, Awaitable | AsyncIterator):
        raise TypeError(f"{name} returned {shown(returned)}; write def in place of async def, and asyncio.run(...) inside it")
    return returned


def _to_the_end(items: Any) -> Generator[Any, None, None]:
    returned = yield from items
    if returned is not None:
        raise TypeError(f"{MAP} yielded pairs and then returned {shown(returned)}, which would be lost; yield it, too")


def _pair(item: Any) -> tuple[str, Any]:
    if type(item) is tuple and len(item) == 2 and type(item[0]) is str:
        return item  # nearly always
    match item:
        case (str(word), value):
            return word, value
    raise TypeError(f"{MAP} yielded {shown(item)}, which is no pair of a word, a string, and a value; {_TO_EMIT}")
