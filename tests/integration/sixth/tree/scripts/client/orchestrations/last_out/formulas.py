"""What functions ask for that keep their return values in S3, where each branch looks whether all are there."""

from scripts.client.orchestrations.http_sync_s3.formulas import by_client as by_client
from scripts.client.orchestrations.shape import PAGE, Range, Shape, exactly


def by_functions(shape: Shape) -> dict[str, Range]:
    """Each function but the last stores its value. Each branch lists them, and more than one may find that all are there."""
    invocations = shape.branches + shape.single + shape.entries
    most = invocations + shape.branches * (shape.branches + shape.single)
    listings = sum(size * (1 + size // PAGE) for size in shape.sizes)
    return {
        "s3.PutObject": exactly(shape.branches + shape.single),
        "s3.GetObject": (2 * shape.branches + shape.single - 1, 2 * most),
        "s3.ListObjectsV2": (shape.branches + invocations, listings + most),
        "lambda.Invoke": (invocations - 1, most - 1),
        "invocations": (invocations, most),
    }
