"""What the functions of a run have counted, in the results bucket, where it stays with the result.

    .counters/{run}/{function}/{index}.json    {"bad lines": 3}; create-if-absent, and only if something was counted

The key says whose numbers they are, and the first writer wins. So each branch counts once, however often it runs. They are
stored before the function's value is: what has a value, and so does not run again, has its numbers. They have a prefix of their
own, since each function lists the run's other objects, see `ending.result`, and there may be ten thousand of these.

Written by the wrapper, read and removed by the client. Index counts from 1; a function outside a fan-out has index 1.
"""

from runtime.encoding import encode
from runtime.ports import ports
from runtime.run import Run

PREFIX = ".counters/"


def folder(run_id: str) -> str:
    """What the keys of a run's counters begin with."""
    return f"{PREFIX}{run_id}/"


def store_counters(bucket: str, function: str, run: Run) -> None:
    """Store what this invocation of a function has counted, unless an earlier one has; nothing if it is nothing.

    Raises:
        StorageError: a request finally failed.
    """
    if run.counters:
        key = f"{folder(str(run.run_id))}{function}/{run.index}.json"
        ports().s3.create_or_read(bucket, key, encode(run.counters))
