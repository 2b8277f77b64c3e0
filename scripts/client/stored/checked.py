"""What a run has stored, as far as a resumed one goes on from it: checked before it is used again, and told by name."""

import json
from collections.abc import Collection, Iterable
from typing import Any

from scripts.client.errors import UsageError


def array(body: bytes | str | None, what: str, size: int | None = None) -> list[Any]:
    """The array over which a fan-out is.

    Args:
        body: its JSON, None if there is none.
        what: how the user is told of it, e.g. "its chunks".
        size: how many elements it must have, where that is known.

    Raises:
        UsageError: it is gone, or not what a run stores.
    """
    if body is None:
        raise expired(what)
    try:
        values = json.loads(body)
    except ValueError:
        values = None
    if not isinstance(values, list) or size not in (None, len(values)):
        wanted = "an array" if size is None else f"an array of {size}"
        raise UsageError(f"the run can't be resumed: {what} must be {wanted}, and is something else; start anew")
    return values


def expired(what: str) -> UsageError:
    """The error that something is gone without which the run can't go on."""
    return UsageError(f"the run can't be resumed: {what} can't be found any more, it expired or was removed; start anew")


def run_again(branches: str, indexes: Collection[int], fan_in: str) -> list[str]:
    """How it is told what runs again: branches by index, or, when all have returned, the function that they meet in."""
    return [f"{branches} {index}" for index in sorted(indexes)] or [fan_in]


def missing(size: int, present: Iterable[int]) -> set[int]:
    """Which of the indexes 1 to `size` are not there."""
    return set(range(1, size + 1)) - set(present)
