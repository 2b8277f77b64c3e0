"""From what was read and asked for to the chunks that a deployment gets: destination and number of reducers filled in."""

import secrets
from collections.abc import Callable
from typing import TypeVar

from runtime.mapreduce.keys import Destination
from scripts.client import objects
from scripts.client.aws import Aws
from scripts.client.errors import InputError, StorageError, UsageError
from scripts.client.jsoninput import Element
from scripts.client.orchestrations.base import Chunk

T = TypeVar("T")


def settle(
    elements: list[Element],
    buckets: dict[str, str],
    destination: str | None,
    num_reducer: int | None,
    shuffle: str | None = None,
    fitting_reducers: int | None = None,
) -> tuple[list[Chunk], str, int | None, list[str]]:
    """The chunks, their destination ("bucket" or "bucket/prefix"), their number of reducers, and notices.

    What an option says goes before what the input says. An element that says nothing gets what the others say. `shuffle` is what
    each chunk says of the layout, None for nothing. `fitting_reducers` is the number of reducers where nobody says one, None for
    the mission's default.

    Raises:
        InputError: elements disagree, or name a bucket of the deployment that mappers can't write to.
    """
    notices: list[str] = []
    foreign: set[str] = set()
    if destination is None:
        said = [_own(i, element.destination, buckets, foreign) for i, element in enumerate(elements)]
        destination = _agreed(said, "destination")
    destination = destination or buckets["shuffle"]
    if foreign:
        named = ", ".join(sorted(foreign)[:3]) + (", ..." if len(foreign) > 3 else "")
        notices.append(f"destination {named} is no bucket of this deployment; using {destination}")
    if num_reducer is None:
        num_reducer = _agreed([element.num_reducer for element in elements], "numReducer") or fitting_reducers
    chunks: list[Chunk] = [{"text": element.text, "destination": destination} for element in elements]
    for chunk in chunks:
        if num_reducer is not None:
            chunk["numReducer"] = num_reducer
        if shuffle is not None:
            chunk["shuffle"] = shuffle
    return chunks, destination, num_reducer, notices


def _own(i: int, destination: str | None, buckets: dict[str, str], foreign: set[str]) -> str | None:
    """A destination in this deployment's shuffle bucket, or its plain name in place of a foreign one."""
    if destination is None:
        return None
    bucket = destination.removeprefix("s3://").removeprefix("arn:aws:s3:::").partition("/")[0]
    if bucket not in buckets.values():
        foreign.add(repr(destination[:100]))
        return buckets["shuffle"]
    if bucket != buckets["shuffle"]:
        raise InputError(
            f"element {i + 1}: destination {destination!r} is a bucket that mappers may not write to; use {buckets['shuffle']}"
        )
    return _normal(destination, f"element {i + 1}: ")


def _normal(destination: str, where: str = "") -> str:
    try:
        parsed = Destination.parse(destination.removeprefix("arn:aws:s3:::"), None)
    except ValueError as error:
        raise InputError(f"{where}{error}") from None
    return f"{parsed.bucket}/{parsed.prefix}".rstrip("/")


def _agreed(said: list[T | None], name: str) -> T | None:
    first: tuple[int, T] | None = None
    for i, value in enumerate(said):
        if value is None:
            continue
        if first is not None and value != first[1]:
            raise InputError(
                f"the input's elements disagree on {name}: element {first[0] + 1} says {first[1]!r}, element {i + 1} {value!r};"
                " one run has one, so make them agree or give it as an option"
            )
        first = first or (i, value)
    return first[1] if first else None


def check_destination(aws: Aws, destination: str) -> str:
    """An explicit --destination, normalised, if mappers can write there: it must lie in the deployment's shuffle bucket.

    Raises:
        UsageError: it can't be used; names the cause.
    """
    option = f"--destination {destination}"
    normal = _normal(destination, "--destination: ")
    bucket, _, prefix = normal.partition("/")
    shuffle = aws.deployment.buckets["shuffle"]
    if bucket != shuffle:
        store = aws.bucket(bucket, patient=False)
        why = _cause(lambda: objects.names(store, ".client-probe/")) or "the deployed functions may not write there"
        raise UsageError(f"{option} can't be used: {why}; use {shuffle} or {shuffle}/prefix")
    store = aws.bucket(bucket, patient=False)
    probe = f"{prefix + '/' if prefix else ''}.client-probe/{secrets.token_hex(8)}"
    if cause := _cause(lambda: objects.write(store, probe, b"")) or _cause(lambda: objects.remove(store, probe)):
        raise UsageError(f"{option} can't be written: {cause}")
    return normal


def _cause(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except StorageError as error:
        return error.cause
    return None


def shuffle_prefix(destination: str, run_id: str) -> tuple[str, str]:
    """Bucket and prefix of all that a run's mappers emit."""
    parsed = Destination.parse(destination, run_id)
    return parsed.bucket, parsed.prefix
