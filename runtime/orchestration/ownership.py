"""The check that a component's event names only this deployment's own shuffle bucket.

Each function writes to, or lists, the bucket that its event names. Its role allows no other; but a role may be wider than ours
(`-var s3_full_access=true`), and a forged event is best refused before any request is made for it. The component itself refuses
malformed events, with a better message.
"""

from typing import Any

from runtime.orchestration.settings import Settings
from runtime.orchestration.workflow.envelope import EnvelopeError


def check_ownership(settings: Settings, value: Any) -> None:
    """Refuse a component's event that names a bucket other than the deployment's shuffle bucket.

    `Place.destination` is the field with the bucket, in the event itself or in the elements of its array.

    Raises:
        EnvelopeError: the event names another bucket.
    """
    field = settings.place and settings.place.destination
    if field is None:
        return
    own = settings.buckets.get("shuffle")
    for item in value if isinstance(value, list) else [value]:
        bucket = _bucket(item.get(field)) if isinstance(item, dict) else None
        if bucket is not None and bucket != own:
            raise EnvelopeError(
                f"{settings.function} was told to use the bucket {bucket!r}, which is not this deployment's own for emitted "
                f"pairs, {own!r}; leave the destination out of the input"
            )


def _bucket(destination: Any) -> str | None:
    from runtime.mapreduce.keys import Destination  # most functions have no destination

    try:
        return Destination.parse(destination, None).bucket
    except ValueError:
        return None
