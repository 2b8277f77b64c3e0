"""Who decides what becomes of a run that has ended: one client at a time.

`resume` takes failed.json away and sets functions off; `clean` takes all away. Two clients that do so at once would undo each
other's work. So each takes a turn first: a conditional write into run.json, whose ETag it has read *before* it looked how the run
stands. Whoever looked before somebody else's turn began, or ended, finds run.json changed, and looks again.

A turn to resume ends when the run goes on, or when all is as it was before. Its owner may die in between. So whoever finds
another's turn waits for its end, and after `_PATIENCE_SECONDS` takes over. The first owner, if it still lives, then finds that it
isn't its turn any more, and undoes nothing.

A turn to clean never ends: a run of which something was removed can't be resumed, for its counts would be wrong.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from scripts.client.errors import StorageError
from scripts.client.running.runs import StartedRun
from scripts.client.stored import claim
from scripts.client.stored.claim import Claim, Turn
from scripts.client.stored.standing import Look

_PATIENCE_SECONDS = 10.0
_INTERVAL_SECONDS = 0.5

Check = Callable[[Look, Claim | None], None]
"""May the run be resumed, or cleaned, as it stands? Raises UsageError. The claim may hold another's turn, which is over."""


def take(run: StartedRun, to: Literal["resume", "clean"], check: Check) -> tuple[Look, Turn]:
    """Take the turn; how the run stood then, and the turn. A run without a claim can be cleaned without one.

    Raises:
        UsageError: what `check` raises.
        StorageError: a request finally failed.
    """
    mine = Turn(to)
    try:
        return _wait_and_take(run, mine, check), mine
    except KeyboardInterrupt:
        end(run, mine)  # the write may have gone out
        raise


def _wait_and_take(run: StartedRun, mine: Turn, check: Check) -> Look:
    results = run.aws.store("results")
    waited_for: Turn | None = None
    deadline = 0.0
    while True:
        held = claim.hold(results, run.run_id)
        look = Look(run)
        others = held.claim.turn if held else None
        if others is not None and others.to == "resume":
            if others != waited_for:
                waited_for, deadline = others, time.monotonic() + _PATIENCE_SECONDS
            if time.monotonic() < deadline:
                time.sleep(_INTERVAL_SECONDS)
                continue
        check(look, held.claim if held else None)
        if held is None or claim.swap(results, held, replace(held.claim, turn=mine)):
            return look


def is_mine(run: StartedRun, turn: Turn) -> bool:
    """Whether nobody has taken over, or removed the run. Raises StorageError."""
    held = claim.hold(run.aws.store("results"), run.run_id)
    return held is not None and held.claim.turn == turn


def end(run: StartedRun, turn: Turn) -> None:
    """End the turn, if it still is one. If that can't be written, the next one waits a few seconds longer: no more harm."""
    try:
        claim.change(run.aws.store("results"), run.run_id, lambda now: replace(now, turn=None) if now.turn == turn else None)
    except StorageError:
        return
