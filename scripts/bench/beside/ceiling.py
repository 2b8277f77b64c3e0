"""The ceiling of the layout `objects`: a bare S3 client makes the same requests, and nothing else.

`python -m scripts.bench.beside.ceiling ENDPOINT REGION BUCKET PREFIX REDUCERS TEXT` puts an empty object for each word, under a
key of the same form and from 32 threads, and lists each reducer's keys, all at once. When it has printed, it deletes them.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import obstore
from obstore.store import S3Store

from runtime.mapreduce.keys import escape, partition_directory, reducer_id

THREADS = 32
_SHOWN = 20


def keys(words: list[str], prefix: str, reducers: int) -> Iterator[str]:
    """`{prefix}reducer{id}/{word}/{uuid}` for each word."""
    directories: dict[str, str] = {}
    for word in words:
        if word not in directories:
            directories[word] = f"{prefix}{partition_directory(reducer_id(word, reducers))}{escape(word)}/"
        yield directories[word] + str(uuid4())


def main() -> int:
    """Put, list, print; then delete."""
    endpoint, region, bucket, prefix, reducers, text = sys.argv[1:]
    store = S3Store(
        bucket,
        endpoint=endpoint,
        region=region,
        access_key_id="test",
        secret_access_key="test",  # noqa: S106  (what the embedded AWS takes)
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
    )
    words = Path(text).read_text(encoding="utf-8").split()

    def put(key: str) -> None:
        obstore.put(store, key, b"", use_multipart=False)

    def listed(reducer: int) -> list[str]:
        below = f"{prefix}reducer{reducer}/"
        return [item["path"] for page in obstore.list(store, below, chunk_size=1000) for item in page]

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(put, keys(words, prefix, int(reducers))):
            pass
        found = [key for page in pool.map(listed, range(int(reducers))) for key in page]
    if len(found) != len(words):
        print(f"{len(words)} objects were put and {len(found)} are listed", file=sys.stderr)
        return 1
    for word, times in Counter(key.split("/")[-2] for key in found).most_common(_SHOWN):
        print(word, times)
    sys.stdout.flush()
    for begin in range(0, len(found), 1000):
        obstore.delete(store, found[begin : begin + 1000])
    return 0


if __name__ == "__main__":
    sys.exit(main())
