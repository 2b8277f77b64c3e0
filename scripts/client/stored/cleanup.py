"""What goes away after a run: all but its result, be it done or could it not be started; or all of it."""

from obstore.store import S3Store

from runtime.mapreduce.keys import Destination
from scripts.client.aws.removal import Tell, remove_below, remove_what_appears
from scripts.client.orchestrations import Orchestration
from scripts.client.stored import claim
from scripts.client.stored.counters import remove_counters


def remove_intermediate(
    orchestration: Orchestration, destination: str | None, size: int | None, tell: Tell = lambda found, removed: None
) -> None:
    """Delete what lies between the functions, what was emitted and, last, run.json; result.json and the counters stay.

    In this order: an event that is delivered late finds its run gone and emits nothing. While run.json is there, something may be
    left. `size` is the number of the run's elements, if known; `tell` is told of what was emitted.

    Raises:
        StorageError: some could not be deleted; the buckets' lifecycle rules and the tables' TTL delete them later.
    """
    aws, run_id = orchestration.aws, orchestration.run_id
    orchestration.remove(size)
    if (emitted := _emitted(orchestration, destination)) is not None:
        remove_below(*emitted, tell)
    if orchestration.has_keeper:
        claim.unmark(aws.store("results"), run_id)
    claim.release(aws.store("results"), run_id)


def remove_all(
    orchestration: Orchestration, destination: str | None, size: int | None, tell: Tell = lambda found, removed: None
) -> None:
    """Delete all that there is of a run. How it ended goes last: while failed.json is there, its functions do nothing.

    Raises:
        StorageError: some could not be deleted.
    """
    remove_intermediate(orchestration, destination, size, tell)
    if (emitted := _emitted(orchestration, destination)) is not None:
        remove_what_appears(*emitted)
    remove_counters(orchestration.aws.store("results"), orchestration.run_id)
    remove_below(orchestration.aws.store("results"), f"{orchestration.run_id}/")


def _emitted(orchestration: Orchestration, destination: str | None) -> tuple[S3Store, str] | None:
    """Where the run emits. None if it is elsewhere: run.json can name any bucket, but no run has anything there."""
    if destination is None:
        return None
    where = Destination.parse(destination, orchestration.run_id)
    own = orchestration.aws.deployment.buckets.get("shuffle")
    return (orchestration.aws.bucket(where.bucket), where.prefix) if where.bucket == own else None
