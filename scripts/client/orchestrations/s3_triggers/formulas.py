"""What functions ask for that objects set off. Each value of a fan-out sets off who gathers, and one gets the lock."""

from scripts.client.orchestrations.shape import PAGE, Range, Shape, exactly


def by_functions(shape: Shape) -> dict[str, Range]:
    """A branch reads the bookkeeping, looks for its own value, reads its input; puts the bookkeeping (all but the first read it
    then) and its value. Who gathers reads the bookkeeping, lists the values, puts the lock, and reads all values once it has
    that.
    """
    branches, fan_outs = shape.branches, len(shape.sizes)
    # Claimants of the locks: at least one each, at most all that were invoked. Each puts the lock, all but one read it back.
    fewest, most = fan_outs, branches
    # The bookkeeping of each fan-out over what a function has returned, its values, and a value that is handed on alone.
    stored = sum(size + 1 for size in shape.returned) + 2 * shape.handed_on
    begun = branches + shape.single
    single_reads = shape.single - 1 + 2 * shape.handed_on
    reads = 6 * branches - 2 * fan_outs + single_reads + 2 * (not shape.workflow.begins_with_fan_out)
    return {
        "s3.PutObject": (2 * branches + stored + 1 + fewest, 2 * branches + stored + 1 + most),
        "s3.GetObject": (reads + fewest, reads + most),
        "s3.ListObjectsV2": (branches + begun, sum(size * (1 + (size + 2) // PAGE) for size in shape.sizes) + begun),
        "invocations": exactly(2 * branches + shape.single - fan_outs),
    }


def by_client(shape: Shape) -> dict[str, Range]:
    """Mark the run, write the bookkeeping and the elements; list and delete what lies in each stage's bucket, and the mark."""
    stages = len(shape.workflow.stages)
    return {
        "s3.PutObject": exactly(shape.given + 2),
        "s3.ListObjectsV2": exactly(stages + 1),
        "s3.DeleteObjects": (1, 1 + stages),
    }
