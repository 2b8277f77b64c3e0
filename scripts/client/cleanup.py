"""What goes away after a run: all but its result, be it done or could it not be started; or all of it."""

from scripts.client import claim
from scripts.client.orchestrations import Orchestration
from scripts.client.removal import Tell, remove_below
from scripts.client.settling import shuffle_prefix


def remove_intermediate(
    orchestration: Orchestration, destination: str, mappers: int | None, tell: Tell = lambda found, removed: None
) -> None:
    """Delete what lies between the functions, what mappers emitted and, last, run.json; result.json stays.

    In this order: an event that is delivered late finds its run gone and emits nothing. While run.json is there, something may be
    left. `mappers` is the number of the run's chunks, if known; `tell` is told of what mappers emitted.

    Raises:
        StorageError: some could not be deleted; the buckets' lifecycle rules and the tables' TTL delete them later.
    """
    aws, run_id = orchestration.aws, orchestration.run_id
    orchestration.remove(mappers)
    bucket, prefix = shuffle_prefix(destination, run_id)
    if bucket == aws.deployment.buckets["shuffle"]:  # run.json can name any, but no run has anything elsewhere
        remove_below(aws.bucket(bucket), prefix, tell)
    if orchestration.has_keeper:
        claim.unmark(aws.store("results"), run_id)
    claim.release(aws.store("results"), run_id)


def remove_all(
    orchestration: Orchestration, destination: str, mappers: int | None, tell: Tell = lambda found, removed: None
) -> None:
    """Delete all that there is of a run. How it ended goes last: while failed.json is there, its functions do nothing.

    Raises:
        StorageError: some could not be deleted.
    """
    remove_intermediate(orchestration, destination, mappers, tell)
    remove_below(orchestration.aws.store("results"), f"{orchestration.run_id}/")
