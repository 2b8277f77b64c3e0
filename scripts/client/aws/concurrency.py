"""Many requests at once."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def at_once(calls: Sequence[Callable[[], T]], threads: int) -> list[T]:
    """Make the calls in a few threads; their results, in order.

    The first failure, or Ctrl-C, keeps what has not begun from beginning, and is raised once all that has begun has ended: so
    that nothing is written any more when the caller takes back what was.
    """
    if len(calls) <= 1:
        return [call() for call in calls]
    from concurrent.futures import ThreadPoolExecutor, as_completed

    with ThreadPoolExecutor(min(threads, len(calls))) as pool:
        begun = [pool.submit(call) for call in calls]
        try:
            for ended in as_completed(begun):
                ended.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in begun]
