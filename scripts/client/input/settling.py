"""From what was read and asked for to the chunks that a deployment gets: destination and number of reducers filled in."""

import secrets
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from runtime.mapreduce.keys import Destination
from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.errors import InputError, StorageError, UsageError
from scripts.client.input.chunks import Element
from scripts.client.input.layout import OBJECTS
from scripts.client.input.lazy import Lazy
from scripts.client.input.reading import Input
from scripts.client.input.sizing import bytes_shown

T = TypeVar("T")


Chunk = dict[str, Any]
"""What one mapper is given: what to read, see `Element`, `"destination"`, and perhaps `"numReducer"`, `"shuffle"` and `"job"`."""


def settle(
    elements: Sequence[Element],
    buckets: dict[str, str],
    destination: str | None,
    num_reducer: int | None,
    settings: dict[str, Any] | None = None,
    fitting_reducers: int | None = None,
) -> tuple[Sequence[Chunk], str, int | None, list[str]]:
    """The chunks, their destination ("bucket" or "bucket/prefix"), their number of reducers, and notices.

    What an option says goes before what the input says. An element that says nothing gets what the others say. `settings` are
    fields that each chunk has beside these, such as `"shuffle"`. `fitting_reducers` is the number of reducers where nobody says
    one, None for the mission's default.

    Raises:
        InputError: elements disagree, or name a bucket of the deployment that mappers can't write to.
    """
    notices: list[str] = []
    foreign: set[str] = set()
    # In one pass, since elements may lie in a file.
    said = [(element.destination, element.num_reducer) for element in elements]
    if destination is None:
        destination = _agreed([_own(i, told, buckets, foreign) for i, (told, _) in enumerate(said)], "destination")
    destination = destination or buckets["shuffle"]
    if foreign:
        named = ", ".join(sorted(foreign)[:3]) + (", ..." if len(foreign) > 3 else "")
        notices.append(f"destination {named} is no bucket of this deployment; using {destination}")
    if num_reducer is None:
        num_reducer = _agreed([told for _, told in said], "numReducer") or fitting_reducers
    told = {"destination": destination} | ({} if num_reducer is None else {"numReducer": num_reducer}) | (settings or {})
    chunks = Lazy(len(elements), lambda i: elements[i].content | told)
    return list(chunks) if isinstance(elements, list) else chunks, destination, num_reducer, notices


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
    found = [(number, value) for number, value in enumerate(said, 1) if value is not None]
    for number, value in found:
        if value != (agreed := found[0][1]):
            raise InputError(
                f"the input's elements disagree on {name}: element {found[0][0]} says {agreed!r}, element {number} {value!r};"
                " one run has one, so make them agree or give it as an option"
            )
    return found[0][1] if found else None


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


def made_of(given: Input[Element], chunks: int, reducers: int, layout: str) -> str:
    """`8 chunks of at most 2.5 MiB, 4 reducers, packed`: what was chosen for the user, too."""
    parts = [f"{chunks} chunk{'s' * (chunks != 1)}"]
    if given.chunk_bytes is not None:
        parts[0] += f" of at most {bytes_shown(given.chunk_bytes)}"
    if layout != OBJECTS:
        parts += [f"{reducers} reducer{'s' * (reducers != 1)}", layout]
    return ", ".join(parts)
