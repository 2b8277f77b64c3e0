"""Many requests at once, with their answers in order, in bounded memory."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from runtime.mapreduce.record import replace
from runtime.mapreduce.run import Run, current_run, within

if TYPE_CHECKING:
    from concurrent.futures import Future

CONCURRENCY = 32

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


def in_order(make: Callable[[_Item], _Answer], items: Iterable[_Item], concurrency: int = CONCURRENCY) -> Generator[_Answer]:
    """`map(make, items)`, with up to `concurrency` calls under way at once in threads, and as many answers held at most.

    The calls are in the caller's run: its deadline holds, and their requests count for it.

    Raises:
        Exception: the first one that a call raised, in the order of the items.
    """
    run = current_run()

    def call(item: _Item) -> tuple[_Answer, Run]:
        # Counts of its own: adding to a number is not atomic.
        with within(replace(run, requests=type(run.requests)(), retries=type(run.retries)())) as own:
            return make(item), own

    waiting = iter(items)
    first = list(islice(waiting, 2))
    if len(first) < 2:
        yield from map(make, first)
        return
    # It takes a sixth of a cold start, and most functions have one request to make at a time.
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="request")
    try:
        under_way: deque[Future[tuple[_Answer, Run]]] = deque(pool.submit(call, item) for item in first)
        under_way.extend(pool.submit(call, item) for item in islice(waiting, concurrency - len(first)))
        while under_way:
            answer, own = under_way.popleft().result()
            run.requests.update(own.requests)
            run.retries.update(own.retries)
            under_way.extend(pool.submit(call, item) for item in islice(waiting, 1))
            yield answer
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
