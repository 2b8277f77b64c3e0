"""What functions ask for that items set off."""

from math import ceil

from runtime.limits import LIMITS
from scripts.client.aws.items import READS, WRITES
from scripts.client.orchestrations.shape import Range, Shape, exactly

_CLIENT_RESULT_TRIES = 21


def by_functions(shape: Shape) -> dict[str, Range]:
    """Each function looks for the item that set it off and notes its attempt; each but the last looks for its own value and puts
    it.

    A branch adds itself to a set; of several sets, each that is complete is added to one more. The result has an item, too.
    """
    invocations = shape.branches + shape.single
    fan_outs = len(shape.sizes)
    sets = sum(ceil(size / LIMITS.set_indexes) for size in shape.sizes if size > LIMITS.set_indexes)
    # The array, its elements; and a value that is handed on alone is stored as if it were an array of one.
    stored = sum(size + 1 for size in shape.returned) + 2 * shape.handed_on
    return {
        "s3.PutObject": exactly(1),
        "s3.ListObjectsV2": exactly(invocations),
        "dynamodb.UpdateItem": exactly(invocations + shape.branches + sets),
        "dynamodb.GetItem": exactly(2 * invocations - 1),
        "dynamodb.PutItem": exactly(shape.branches + stored + fan_outs + 1),
        "dynamodb.BatchGetItem": exactly(sum(ceil(size / READS) for size in shape.sizes)),
        "invocations": exactly(invocations),
    }


def by_client(shape: Shape) -> dict[str, Range]:
    """Write the elements; delete them and the values in all tables, with the attempts; bookkeeping in a batch each."""
    written = ceil(shape.given / WRITES) + 3 * sum(ceil(size / WRITES) for size in shape.sizes)
    return {
        "s3.PutObject": exactly(1),
        "s3.ListObjectsV2": exactly(2),
        "s3.DeleteObjects": (1, 2),
        "dynamodb.BatchWriteItem": exactly(written + 2 * len(shape.sizes) + 1),
        "dynamodb.BatchGetItem": (3, 2 + _CLIENT_RESULT_TRIES),
    }
