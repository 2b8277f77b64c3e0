"""Run ids: one for each run, the prefix of all that it writes.

Made ones sort by their time: `20260102T030405678-9f86d081e2`, UTC to the millisecond, then 40 random bits.
"""

import secrets
from datetime import UTC, datetime

from runtime.orchestration.workflow.envelope import RUN_ID
from scripts.client.errors import UsageError


def new_run_id(now: datetime | None = None) -> str:
    """A fresh id; ids made in different milliseconds sort in the order in which they were made."""
    now = now or datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}-{secrets.token_hex(5)}"


def check_run_id(run_id: str) -> str:
    """The id itself, if it can be one. It becomes part of keys and names, so nothing that could leave its prefix may pass.

    Raises:
        UsageError: it can't.
    """
    if not RUN_ID.fullmatch(run_id):
        raise UsageError(
            f"{run_id!r} can't be a run id: use 1 to 64 of A-Z, a-z, 0-9, '_' and '-', beginning with a letter or digit"
        )
    return run_id
