"""What an execution of a state machine asks for. Each function lists how its run has ended; the last one stores the result."""

from scripts.client.orchestrations.shape import Range, Shape, exactly


def by_functions(shape: Shape) -> dict[str, Range]:
    """Requests by name, invocations, and transitions: into each state, each Map among them."""
    invocations = shape.branches + shape.single
    return {
        "s3.PutObject": exactly(1),
        "s3.ListObjectsV2": exactly(invocations),
        "invocations": exactly(invocations),
        "transitions": exactly(invocations + len(shape.sizes)),
    }


def by_client(shape: Shape) -> dict[str, Range]:
    """Start; ask now and then; list and delete what lies in the returns bucket."""
    return {
        "states.StartExecution": exactly(1),
        "states.DescribeExecution": (0, 2 + int(shape.seconds * 2)),
        "s3.ListObjectsV2": exactly(1),
        "s3.DeleteObjects": (0, 1),
    }
