"""How many functions the account runs at once, and whether a run fits into that.

A new account runs 10. What is beyond it is throttled: a queue or a stream lets it wait, whoever calls it has to try again. A
function that waits for others holds one of these places meanwhile.
"""

import threading
from collections.abc import Mapping
from contextlib import suppress

from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment
from scripts.client.orchestrations import ORCHESTRATIONS

_ENOUGH_SECONDS = 1.0
"""That a start waits for the answer, which was asked for long before."""


class Capacity:
    """Asks an account, in the background, how many functions it runs at once; the embedded AWS is not asked."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._limit: int | None = None
        self._asking = threading.Thread(target=self._ask, daemon=True)
        if not aws.deployment.is_embedded:
            self._asking.start()

    def limit(self, seconds: float = _ENOUGH_SECONDS) -> int | None:
        """The number, None where it can't be known within `seconds`."""
        if self._asking.ident is not None:
            self._asking.join(seconds)
        return self._limit

    def _ask(self) -> None:
        # The permission lambda:GetAccountSettings may lack, and only an estimate and a note depend on it.
        with suppress(Exception):
            self._limit = self._aws.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]


def crowding(deployment: Deployment, sizes: Mapping[str, int], limit: int | None) -> str | None:
    """A note if a run whose fan-outs have at most so many branches, by their function, needs more than an account's `limit`."""
    if limit is None:
        return None
    at_once = {branch: min(size, deployment.concurrency.get(branch, size)) for branch, size in sizes.items()}
    told = ORCHESTRATIONS[deployment.orchestration].crowding(deployment, at_once, limit)
    return told and f"this account runs {limit} function{'s' * (limit != 1)} at once. {told}, or ask AWS for a higher limit"
