"""What functions ask for that invoke each other and keep their return values in S3."""

from scripts.client.orchestrations.shape import PAGE, Range, Shape, by_client_of_an_entry, exactly, polls


def by_functions(shape: Shape) -> dict[str, Range]:
    """Each function but the last stores its value, and that one the result.

    Each but an entry before the first fan-out, and the last, looks for its own stored value; who gathers reads those of all
    branches. Each lists how the run has ended; a branch that waits does so once a second again, and lists the values.
    """
    invocations = shape.branches + shape.single + shape.entries
    listed = [polls(waited) * (1 + size // PAGE) for waited, size in zip(shape.waits, shape.sizes, strict=True)]
    checks = sum(int(waited) for waited in shape.waits)
    return {
        "s3.PutObject": exactly(shape.branches + shape.single),
        "s3.GetObject": exactly(2 * shape.branches + shape.single - 1),
        "s3.ListObjectsV2": (len(listed) + invocations, sum(listed) + invocations + checks),
        "lambda.Invoke": exactly(invocations - 1),
        "invocations": exactly(invocations),
    }


by_client = by_client_of_an_entry
