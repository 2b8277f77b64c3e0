"""Many requests at once, with their answers in order: `in_order` in bounded memory, `at_once` all of them.

The calls are in the caller's run: its deadline holds, and their requests count for it, also those of a call that fails. Each
counts by itself meanwhile, since to add to a number is not atomic.
"""

from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextvars import copy_context
from itertools import chain, islice
from operator import call
from typing import TYPE_CHECKING, TypeVar

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
        Exception: the first one that a call raised, in the order of the items.
    """
    waiting = iter(items)
    ahead = ahead or concurrency
    first = list(islice(waiting, 2))
    if len(first) < 2 or ahead == 1:
        for item in chain(first, waiting):
            yield make(item)  # not `yield from map`, which a StopIteration of a call would end without a word
        return
    # It takes a sixth of a cold start, and most functions have one request to make at a time.
    from concurrent.futures import ThreadPoolExecutor

    run, pool = current_run(), ThreadPoolExecutor(concurrency, thread_name_prefix="request")
    under_way: deque[tuple[Future[_Answer], Run]] = deque()
    failures: list[BaseException] = []

    def answer_to(own: Run, item: _Item) -> _Answer:
        if failures:
            raise failures[0]
        try:
            with within(own):
                return make(item)
        except BaseException as error:
            failures.append(error)
            raise

    def begin(items: Iterable[_Item]) -> None:
        for item in items:
            own = replace(run, requests=Counter[str](), retries=Counter[str]())
            under_way.append((pool.submit(copy_context().run, answer_to, own, item), own))

    try:
        begin(first)
        begin(islice(waiting, ahead - len(first)))
        while under_way:
            future, _ = under_way[0]
            answer = future.result()
            _add(run, under_way.popleft()[1])
            begin(islice(waiting, 1))
            yield answer
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for _, own in under_way:
            _add(run, own)


def at_once(calls: Sequence[Callable[[], _Answer]], threads: int = 16) -> list[_Answer]:
    """Make all calls, in some threads, none of which waits for an earlier call; their answers. Fails as `in_order` does.

    So nothing is written any more when the caller takes back what was.
    """
    try:
        return list(in_order(call, calls, threads, ahead=len(calls)))
    except RuntimeError as error:
        # No generator can raise StopIteration; here a call's own arrives as it was raised. Nothing is asked of an error of the
        # user's class, which may answer with another error.
        cause = error.__cause__ if type(error) is RuntimeError else None
        if cause is not None and issubclass(type(cause), StopIteration):
            raise cause from None
        raise


def _add(run: Run, own: Run) -> None:
    run.requests.update(own.requests)
    run.retries.update(own.retries)
