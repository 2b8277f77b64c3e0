"""Whether what a component is about to be given lies in this deployment's own shuffle bucket.

Each function writes to, or lists, the bucket that its event names. Its role allows no other; but a role may be wider than ours
(`-var s3_full_access=true`), and a forged event is best refused before any request is made for it. What is malformed is the
component's own to refuse, with a better word.
"""

from collections.abc import Iterator
from typing import Any

from runtime.mapreduce.keys import Destination
from runtime.orchestration.settings import Settings
from runtime.orchestration.workflow.envelope import EnvelopeError

_FIELDS = {"unum_map": "destination", "mapper": "destination", "partition": "bucket", "reducer": "bucket"}
"""Where a function's event names a bucket, in the event itself or in the elements of its array. In summary's, words are keys."""


def check_ownership(settings: Settings, value: Any) -> None:
    """Refuse a component's event that names a bucket other than the deployment's shuffle bucket.

    Raises:
        EnvelopeError: it does.
    """
    own = settings.buckets.get("shuffle")
    for destination in _destinations(settings.function, value):
        bucket = _bucket(destination)
        if bucket is not None and bucket != own:
            raise EnvelopeError(
                f"{settings.function} was told to use the bucket {bucket!r}, which is not this deployment's own for emitted "
                f"pairs, {own!r}; leave the destination out of the input"
            )


def _destinations(function: str, value: Any) -> Iterator[Any]:
    field = _FIELDS.get(function)
    if field is None:
        return
    if function == "unum_map" and isinstance(value, dict):
        value = value.get("data")
    for item in value if isinstance(value, list) else [value]:
        if function == "unum_map" and isinstance(item, dict):
            # Of a list of data; what travels as a claim check is its branch's to refuse.
            item = item.get("Value", item)
        if isinstance(item, dict):
            yield item.get(field)


def _bucket(destination: Any) -> str | None:
    try:
        return Destination.parse(destination, None).bucket
    except ValueError:
        return None
