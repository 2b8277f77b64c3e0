"""The keys of packed objects, and how one is stored."""

from collections.abc import Callable, Iterator

from runtime.mapreduce.keys import Destination
from runtime.ports import ports
from runtime.run import Run

MERGED = "index"
"""The name of the merged index. A mapper's object is named by a number or a UUID."""


def directory(where: Destination) -> str:
    """`{prefix/}{run/}packed/`."""
    return f"{where.prefix}packed/"


def shown(where: Destination, name: str) -> str:
    """An object for a message: `s3://bucket/run/packed/3`."""
    return f"s3://{where.bucket}/{directory(where)}{name}"


def store(where: Destination, name: str, run: Run, size: int, chunks: Callable[[], Iterator[bytes]]) -> None:
    """Store an object of the layout, as `store_chunks`."""
    store_chunks(where.bucket, directory(where) + name, run, size, chunks)


def store_chunks(bucket: str, key: str, run: Run, size: int, chunks: Callable[[], Iterator[bytes]]) -> None:
    """Store an object whose bytes `chunks` gives, about `size` of them; one request commits it. Raises StorageError."""
    if size > ports().limits.single_put_bytes:
        ports().s3.put_in_parts(bucket, key, size, chunks)
    else:
        run.requests["s3.PutObject"] += 1
        ports().s3.put(bucket, key, b"".join(chunks()))
