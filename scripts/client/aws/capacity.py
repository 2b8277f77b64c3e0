"""How many functions the account runs at once, and whether a run fits into that.

A new account runs 10. What is beyond it is throttled: a queue or a stream lets it wait, whoever calls it has to try again. A
function that waits for others holds one of these places meanwhile.
"""

import threading

from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment

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
        try:
            self._limit = self._aws.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
        except Exception:  # the permission lambda:GetAccountSettings may lack, and only an estimate and a note depend on it
            return


def crowding(deployment: Deployment, chunks: int, reducers: int, limit: int | None) -> str | None:
    """A note if a run of so many chunks, and at most so many reducers, needs more than an account's `limit`; else None.

    Nothing is said of s3_triggers and dynamodb_triggers: their events wait in a queue or a stream, and nobody waits for them.
    """
    if limit is None:
        return None
    mappers = min(chunks, deployment.concurrency.get("mapper", chunks))
    reducers = min(reducers, deployment.concurrency.get("reducer", reducers))
    match deployment.orchestration:
        case "sfn":
            told = _sfn(max(mappers, reducers), limit)
        case "http_only":
            told = _http_only(mappers, reducers, limit)
        case "http_sync_s3" if deployment.return_store != "dynamodb":
            told = _http_sync_s3(max(mappers, reducers), limit)
        case _:
            told = None
    return told and f"this account runs {limit} function{'s' * (limit != 1)} at once. {told}, or ask AWS for a higher limit"


def _sfn(branches: int, limit: int) -> str | None:
    if branches <= limit:
        return None
    return (
        f"Step Functions will start {branches} of this run, and try again for about half an hour what is throttled. Deploy with "
        f"map_concurrency={limit}"
    )


def _http_only(mappers: int, reducers: int, limit: int) -> str | None:
    # unum_map waits for the mappers, and partition with it for the reducers.
    if mappers + 1 <= limit and reducers + 2 <= limit:
        return None
    if limit <= 2:
        return "This run can't end there: unum_map and partition hold 2 places while they wait. Deploy another orchestration"
    return (
        f"This run needs {max(mappers + 1, reducers + 2)}, since unum_map and partition hold 2 places while they wait for the "
        "others. What is throttled is called again until the time limit of who waits for it. Deploy with "
        f"fan_out_concurrency={limit - 2}"
    )


def _http_sync_s3(branches: int, limit: int) -> str | None:
    if branches <= limit:
        return None
    another = "with return_store=dynamodb, where nobody waits"
    if limit < 2:
        return f"This run can't end there: the last mapper holds that place while it waits for the others. Deploy {another}"
    return (
        f"This run has {branches} mappers or reducers, which take turns, and the last of them holds a place while it waits for "
        f"the others. Runs at the same time can stop each other so. Deploy {another}"
    )
