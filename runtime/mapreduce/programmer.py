"""Calls the programmer's two functions, and looks at what they return: what is thrown away unseen is a wrong result.

user_map      None, or an iterator of pairs, such as a generator that yields `(word, value)`: each pair is emitted
user_reduce   a JSON value, see `values`
"""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import closing
from typing import Any

from runtime.mapreduce.emitter import emit
from runtime.mapreduce.scope import MAP, current_scope
from runtime.mapreduce.sequence import Values
from runtime.mapreduce.values import Json, canonical, shown

_REDUCE = "user_reduce in functions/reducer/user_reduce.py"
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
    returned = _call(MAP, "user_map(text)", user_map, text)
    if isinstance(returned, Iterator):
        # Closed here, while it may still emit, if it ends before its end.
        with closing(_to_the_end(returned)) as items:
            for item in items:
                emit(*_pair(item))
    elif returned is not None:
        raise TypeError(f"{MAP} returned {shown(returned)}; {_TO_EMIT}")


def run_reduce(user_reduce: Callable[[str, Values], Any], word: str, values: Values) -> Json:
    """Call user_reduce for one word, and return its value, in which each `Values` is now a list.

    Raises:
        TypeError: user_reduce can't be called, or returned something that JSON does not have.
        ValueError: it returned something that JSON does not carry as it is.
        Exception: whatever user_reduce raises.
    """
    return _returned(_REDUCE, word, _call(_REDUCE, "user_reduce(word, values)", user_reduce, word, values))


def _returned(name: str, word: str, value: Any) -> Json:
    try:
        if isinstance(value, Iterator):
            raise TypeError("an iterator is no value; return one value for each word, with return in place of yield")
        return canonical(value)
    except (TypeError, ValueError) as error:
        message = f"{name} returned {shown(value)}, of type {type(value).__name__}, for the word {shown(word)}: {error}"
        raise type(error)(message) from None


def _call(name: str, signature: str, function: Callable[..., Any], *arguments: Any) -> Any:
    if not callable(function):
        raise TypeError(f"{name} is no function but {shown(function)}; write def {signature}")
    try:
        returned = function(*arguments)
    except TypeError as error:
        if error.__traceback__ is None or error.__traceback__.tb_next is not None:
            raise
        # No frame of the function's own: the call itself did not fit.
        raise TypeError(
            f"{name} can't be called with ({', '.join(map(shown, arguments))}): {error}; write def {signature}"
        ) from error
    if type(returned) in _DATA:
        return returned
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
    match item:
        case (str(word), value):
            return word, value
    raise TypeError(f"{MAP} yielded {shown(item)}, which is no pair of a word, a string, and a value; {_TO_EMIT}")
