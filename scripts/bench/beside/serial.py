"""The method of the author of the mission's first version: for each word one temporary file and one upload, one after the other.

`python -m scripts.bench.beside.serial ENDPOINT REGION BUCKET PREFIX REDUCERS WORDS TEXT` does so for the first WORDS words, and
prints `{"words": uploaded, "of": words in the text, "seconds": of the uploads}`. Then it deletes them.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import boto3

from scripts.bench.beside.ceiling import keys


def main() -> int:
    """Upload, print; then delete."""
    endpoint, region, bucket, prefix, reducers, number, text = sys.argv[1:]
    client = boto3.Session("test", "test", region_name=region).client("s3", endpoint_url=endpoint)
    words = Path(text).read_text(encoding="utf-8").split()
    chosen = list(keys(words[: int(number)], prefix, int(reducers)))
    began = time.perf_counter()
    for key in chosen:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write("1")
            file.flush()
            client.upload_file(file.name, bucket, key)
    seconds = time.perf_counter() - began
    print(json.dumps({"words": len(chosen), "of": len(words), "seconds": seconds}), flush=True)
    for begin in range(0, len(chosen), 1000):
        client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in chosen[begin : begin + 1000]]})
    return 0


if __name__ == "__main__":
    sys.exit(main())
