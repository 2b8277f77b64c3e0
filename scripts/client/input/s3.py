"""Objects in S3 as INPUT: they are listed here, and read by the mappers, a range each. None of their bytes come to this machine.

s3://bucket/logs/a.txt    that object, or else
s3://bucket/logs          all objects below logs/
s3://bucket/logs/2026-*   all objects whose keys begin so
s3://bucket               all objects of the bucket
"""

from collections.abc import Iterator, Sequence

from runtime.mapreduce.ranged.opening import Form
from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.aws.objects import NO_BUCKET
from scripts.client.deployment import Deployment
from scripts.client.errors import InputError, StorageError
from scripts.client.input.chunks import Element
from scripts.client.input.noticed import EMPTY, MARKED, Noticed
from scripts.client.input.ranges import Listed, ranges, text_bytes
from scripts.client.input.reading import Input
from scripts.client.input.sizing import Sizing
from scripts.client.input.spooled import spooled

SCHEME = "s3://"

_LEFT_OUT = (".", "_")
"""What names begin with that are no data by custom, such as _SUCCESS; as part of a folder's name, too."""


def read_s3(
    names: Sequence[str], aws: Aws, form: Form, sizing: Sizing, chunk_bytes: int | None = None, chunks: int | None = None
) -> Input[Element]:
    """Plan ranges of all objects that the names stand for, of at most `chunk_bytes` together in a chunk, or for about `chunks`.

    Raises:
        InputError: the deployment may not read the bucket, or there is no such object, or it can't be listed.
    """
    noticed = Noticed("objects")
    found = [each for name in names for each in _list(name, aws, noticed)]
    total = sum(text_bytes(each.url, each.size) for each in found)
    chosen = None
    if chunks:
        chunk_bytes = max(1, -(-total // chunks))
    elif chunk_bytes is None:
        chunk_bytes = chosen = sizing.range_bytes(total)
    return Input(spooled(ranges(found, chunk_bytes, form)), noticed.notices, chosen)


def check_granted(name: str, deployment: Deployment) -> None:
    """Raise InputError if the mappers of a deployment may not read the bucket of a name."""
    bucket = name.removeprefix(SCHEME).partition("/")[0]
    if bucket in deployment.input_buckets:
        return
    known = ", ".join(deployment.input_buckets) or "no bucket"
    how = deployment.how_to_add("input_buckets", bucket)
    raise InputError(f"{name}: the mappers of {deployment} may read {known}; let them read {bucket}, too: {how}")


def _list(name: str, aws: Aws, noticed: Noticed) -> Iterator[Listed]:
    """The objects that a name stands for, but for those that are left out, which are noticed."""
    bucket, _, key = name.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise InputError(f"{name}: write s3://bucket/prefix")
    check_granted(name, aws.deployment)
    store, url = aws.bucket(bucket), f"{SCHEME}{bucket}/"
    begins, folder = _prefixes(key)
    try:
        if key and not key.endswith("/") and (one := objects.head(store, key)) is not None:
            folder, found = key, [Listed(url + key, etag=one[1], size=one[0])]
        else:
            metas = (meta for meta in objects.listed(store, folder) if meta["path"].startswith(begins))
            found = [Listed(url + meta["path"], meta["e_tag"], meta["size"]) for meta in metas]
    except StorageError as error:
        known = "there is no such bucket" if error.cause == NO_BUCKET else error.cause
        raise InputError(f"{name} can't be listed: {known}") from error
    if not found:
        raise InputError(f"{name}: there is no such object, and none below it")
    for each in found:
        if any(part.startswith(_LEFT_OUT) for part in each.url.removeprefix(url + folder).split("/")):
            noticed.add(MARKED, each.url)
        elif not each.size:
            noticed.add(EMPTY, each.url)
        else:
            yield each


def _prefixes(key: str) -> tuple[str, str]:
    """How keys begin that are meant, and the folder that holds them."""
    if key.endswith("*"):
        return key[:-1], key[:-1].rpartition("/")[0]
    folder = key.rstrip("/")
    return (folder + "/" if folder else ""), folder
