"""Many requests at once, with their answers in order: `in_order` in bounded memory, `at_once` all of them.

The calls are in the caller's run: its deadline holds, and their requests count for it, also those of a call that fails. Each
counts by itself meanwhile, since to add to a number is not atomic.
"""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextvars import copy_context
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from runtime.record import replace
from runtime.run import Run, current_run, within

if TYPE_CHECKING:
    from concurrent.futures import Future

CONCURRENCY = 32

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def in_order(
    make: Callable[[_Item], _Answer], items: Iterable[_Item], concurrency: int = CONCURRENCY, ahead: int | None = None
) -> Generator[_Answer]:
    """`map(make, items)`, with up to `concurrency` calls under way at once in threads.

    `ahead` is how many calls may have begun, or wait for a thread, of which no answer was given out; None for `concurrency`.
    After a failure, or Ctrl-C, no call begins any more, and it is raised once all that began have ended.

    Raises:
        Exception: the first one that a call raised, in the order of the items; a StopIteration as RuntimeError, since a
            generator can raise none.
    """
    waiting = iter(items)
    ahead = ahead or concurrency
    first = list(islice(waiting, 2))
    if len(first) < 2 or ahead == 1:
        for item in chain(first, waiting):
            yield make(item)  # not `yield from map`, which a StopIteration of a call would end without a word
        return
    with _Calls(concurrency) as calls:
        for item in chain(first, islice(waiting, ahead - len(first))):
            calls.begin(partial(make, item))
        while calls.under_way:
            answer = calls.take()
            for item in islice(waiting, 1):
                calls.begin(partial(make, item))
            yield answer


def at_once(calls: Sequence[Callable[[], _Answer]], threads: int = 16) -> list[_Answer]:
    """Make all calls, in some threads, none of which waits for an earlier call; their answers.

    After a failure, or Ctrl-C, no call begins any more, and it is raised once all that began have ended: nothing is written any
    more when the caller takes back what was.

    Raises:
        Exception: the first one that a call raised, in their order.
    """
    if len(calls) < 2:
        return [call() for call in calls]
    with _Calls(threads) as begun:
        for call in calls:
            begun.begin(call)
        return [begun.take() for _ in calls]


class _Calls:
    """Calls that are made in threads, and whose answers are taken in the order in which they began."""

    def __init__(self, threads: int) -> None:
        # It takes a sixth of a cold start, and most functions have one request to make at a time.
        from concurrent.futures import ThreadPoolExecutor

        self._run, self._pool = current_run(), ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._failures: list[BaseException] = []
        self.under_way: deque[tuple[Future[Any], Run]] = deque()

    def __enter__(self) -> "_Calls":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        for _future, own in self.under_way:
            _add(self._run, own)

    def begin(self, call: Callable[[], Any]) -> None:
        """Make a call as soon as there is a thread, unless an earlier one has failed by then."""
        own = replace(self._run, requests=Counter[str](), retries=Counter[str]())
        self.under_way.append((self._pool.submit(copy_context().run, self._answer, own, call), own))

    def take(self) -> Any:
        """The next answer, which is waited for. Raises what the call raised."""
        answer = self.under_way[0][0].result()
        _add(self._run, self.under_way.popleft()[1])
        return answer

    def _answer(self, own: Run, call: Callable[[], Any]) -> Any:
        if self._failures:
            raise self._failures[0]
        try:
            with within(own):
                return call()
        except BaseException as error:
            self._failures.append(error)
            raise


def _add(run: Run, own: Run) -> None:
    run.requests.update(own.requests)
    run.retries.update(own.retries)
