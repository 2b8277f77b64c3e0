"""What goes away after a run: its intermediate objects after success, everything when it could not be started."""

from scripts.client import claim, objects
from scripts.client.aws import Aws
from scripts.client.settling import shuffle_prefix


def remove_intermediate(aws: Aws, run_id: str, destination: str) -> int:
    """Delete what mappers emitted, return values, claim checks and, last, run.json; result.json stays.

    Returns how many emitted objects and return values there were. run.json goes last: while it is there, something may be left.

    Raises:
        StorageError: some could not be deleted; the buckets' lifecycle rules delete them later.
    """
    bucket, prefix = shuffle_prefix(destination, run_id)
    removed = objects.remove_all(aws.bucket(bucket), prefix)
    removed += objects.remove_all(aws.store("returns"), f"{run_id}/")
    claim.release(aws.store("results"), run_id)
    return removed


def remove_unstarted(aws: Aws, run_id: str) -> None:
    """Delete what the client itself wrote for a run that did not start."""
    objects.remove_all(aws.store("returns"), f"{run_id}/")
    claim.release(aws.store("results"), run_id)
