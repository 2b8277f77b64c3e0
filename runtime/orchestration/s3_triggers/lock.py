"""A create-if-absent lock in S3 that elects one among several claimants, survives its owner's death, and recognises its owner.

The object's body names who holds it and since when::

    {"Owner": "wordcount-square-output/20261123-a1/3.json by c6af9ac6-7b61-11e6-9a41-93e8deadbeef", "Time": 1795455974.123}

Owner is what stays the same when an invocation is tried again: a claimant that died re-enters on its retry, and its time
begins anew, since it is alive again. Another claimant may take the lock over once it is older than any invocation can live,
by overwriting just the version that it saw (`If-Match`).
"""

import json

from runtime.aws.errors import StorageError
from runtime.encoding import encode
from runtime.ports import ports

_ATTEMPTS = 5


def claim(bucket: str, key: str, owner: str, stale_seconds: float) -> bool:
    """Whether `owner` holds the lock after this call.

    A body is needed to know: after a lost answer, the retried request of the winner meets the winner's own object, and obstore
    says "already exists" for S3's 409 as well, when there may be none yet.

    Raises:
        StorageError: a request finally failed, or the lock came and went `_ATTEMPTS` times.
    """
    now = ports().clock.time
    body = encode({"Owner": owner, "Time": now()})
    for _ in range(_ATTEMPTS):
        if ports().s3.create(bucket, key, body):
            return True
        found = ports().s3.get_version(bucket, key)
        if found is None:
            continue
        held = json.loads(found.body)
        if held["Owner"] != owner and now() - held["Time"] < stale_seconds:
            return False
        if ports().s3.replace(bucket, key, body, found.e_tag):
            return True
    raise StorageError("s3:PutObject", bucket, key, "others create and delete this lock all the time")
