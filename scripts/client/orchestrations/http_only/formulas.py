"""What functions ask for that call each other and answer: a run that goes well stores nothing but its result."""

from scripts.client.orchestrations.shape import Range, Shape, by_client_of_an_entry, exactly


def by_functions(shape: Shape) -> dict[str, Range]:
    """Each function lists how its run has ended, and is invoked by another; the last one stores the result."""
    invocations = shape.branches + shape.single + shape.entries
    return {
        "s3.PutObject": exactly(1),
        "s3.ListObjectsV2": exactly(invocations),
        "lambda.Invoke": exactly(invocations - 1),
        "invocations": exactly(invocations),
    }


by_client = by_client_of_an_entry
