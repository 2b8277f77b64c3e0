"""What a run has stored, as far as a resumed one goes on from it: checked before it is used again, and told by name."""

import json
from collections.abc import Collection, Iterable
from typing import Any

from scripts.client.errors import UsageError


def parsed(body: bytes | str | None, what: str) -> Any:
    """A stored JSON value; None for what is no JSON.

    Args:
        body: the JSON, None if there is none.
        what: how the user is told of it, e.g. "its input".

    Raises:
        UsageError: it is gone.
    """
    if body is None:
        raise expired(what)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def array(value: Any, what: str, size: int | None = None) -> list[Any]:
    """The array over which a fan-out is, of `size` elements where that is known; `what` is as for `parsed`.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(value, list) or size not in (None, len(value)):
        wanted = "an array" if size is None else f"an array of {size}"
        raise UsageError(f"the run can't be resumed: {what} must be {wanted}, and is something else; start anew")
    return value


def expired(what: str) -> UsageError:
    """The error that something is gone without which the run can't go on."""
    return UsageError(f"the run can't be resumed: {what} can't be found any more, it expired or was removed; start anew")


def run_again(branches: str, indexes: Collection[int], fan_in: str) -> list[str]:
    """How it is told what runs again: branches by index, or, when all have returned, the function that they meet in."""
    return [f"{branches} {index}" for index in sorted(indexes)] or [fan_in]


def missing(size: int, present: Iterable[int]) -> set[int]:
    """Which of the indexes 1 to `size` are not there."""
    return set(range(1, size + 1)) - set(present)
