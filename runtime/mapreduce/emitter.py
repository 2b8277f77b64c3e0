"""emit: how a map function hands out its pairs. Where they go is a matter of the shuffle's layout, see `shuffle`.

A map may call it some million times. So a word that its own thread has emitted before, with nothing but 1, is just counted up,
and all that could be wrong is looked at elsewhere: with the first of each word, with other values, and in other threads, by
`scope.Scope.emit`; and whatever ends a map takes the counts away from `emit`.
"""

from collections.abc import Iterable
from threading import get_ident

from runtime.mapreduce.keys import MAX_NUM_REDUCER, Destination
from runtime.mapreduce.scope import Scope, current_scope, scope_here
from runtime.mapreduce.shuffle import DEFAULT_LAYOUT, Combine, shuffle_named
from runtime.mapreduce.values import Json
from runtime.run import current_run

_scope_here = scope_here.get
_ONE = 1


def emit(word: str, value: Json = 1) -> None:
    """Hand out the pair `(word, value)`.

    Returns before the pair is stored; the mapper returns only after all are. Threads and tasks that user_map starts may call
    it, too, if user_map waits for them. Each error fails the mapper, even if it is caught.

    Raises:
        TypeError: `word` is no string, or `value` is of a kind that JSON has not.
        ValueError: `word` holds a lone surrogate, or JSON does not carry `value` as it is.
        RuntimeError: user_map has returned, or this is another process, or there is no mapper at all; see `scope`.
        StorageError: an earlier put finally failed.
    """
    scope = _scope_here()
    if value is _ONE and scope is not None and get_ident() == scope.ident and type(word) is str:
        counts = scope.counts
        if word in counts:
            counts[word] += 1
            return
    (scope or current_scope()).emit(word, value)


def emit_all(words: Iterable[str]) -> None:
    """Hand out `(word, 1)` for each word: the same as `emit(word)` for each, but quicker.

    Raises: what `emit` raises, and whatever `words` raises; what came before it is handed out.
    """
    current_scope().emit_all(words)


def emitting(destination: object, num_reducer: object, shuffle: object = DEFAULT_LAYOUT, combine: Combine | None = None) -> Scope:
    """Return what lets `emit` write to `destination`, over `num_reducer` partitions, for the body of a `with`.

    At its end it waits until all is stored.

    Raises:
        TypeError, ValueError: a word or a value was refused; or destination, number of reducers or layout is malformed.
        RuntimeError: `emit` was called where or when it can't be, or a thread that emits is still at work.
        StorageError: a put finally failed.
    """
    if not isinstance(num_reducer, int) or isinstance(num_reducer, bool) or not 1 <= num_reducer <= MAX_NUM_REDUCER:
        raise ValueError(f'"numReducer" must be a whole number from 1 to {MAX_NUM_REDUCER}; got {num_reducer!r:.200}')
    layout, run = shuffle_named(shuffle), current_run()
    return Scope(layout.writer(Destination.parse(destination, run.run_id), num_reducer, run, combine))
