"""The whole of an output in S3, once all of its parts are there: a manifest, and then the sign that all is done.

    {prefix}part-00000.jsonl ...    see `parts`
    {prefix}manifest.json           {"run": run id, "words": 3, "bytes": 27, "parts": [{"part": "part-00000.jsonl", "words": 2,
                                     "bytes": 18, "sha256": "9f86..."}, ...]}, in the order of the partitions' numbers
    {prefix}_SUCCESS                empty

`_SUCCESS` is written last, after a listing has shown that below the prefix are just the parts that the reducers told of, each as
long as they told. So whoever waits for `_SUCCESS`, as Hadoop's and Spark's readers do, sees a whole result. All of these bytes
are the same when a function runs again, whether it was tried again or invoked twice.
"""

import json
import re
from typing import Any

from runtime.mapreduce.keys import Destination
from runtime.mapreduce.values import shown
from runtime.ports import ports
from runtime.run import current_run

MANIFEST, SUCCESS = "manifest.json", "_SUCCESS"

_PART = re.compile(r"part-[0-9]{5}\.jsonl")


class OutputError(ValueError):
    """Below the prefix of an output is something else than what this run's reducers wrote."""


def finish_output(returned: list[Any]) -> list[dict[str, Any]]:
    """Write manifest and sign of an output, and return the records of all its parts.

    Args:
        returned: for each reducer what it returned, a list of such records, see `parts.write_part`.

    Raises:
        ValueError: these are no such records, or not of one output.
        OutputError: the parts are not there as they were written, or there are others.
        StorageError: a request finally failed.
    """
    records = [_checked(number, record) for number, each in enumerate(returned, 1) for record in _listed(number, each)]
    prefixes = {record["part"].rpartition("/")[0] for record in records}
    if len(prefixes) != 1:
        raise ValueError(f"summary: the parts lie below {len(prefixes)} prefixes; all reducers of a run need one output")
    prefix = prefixes.pop() + "/"
    where = Destination.parse(prefix, None)
    sizes = {record["part"].removeprefix(prefix): record["bytes"] for record in records}
    if len(sizes) != len(records):
        raise ValueError(f"summary: two reducers wrote the same part below {prefix}")
    _compare(prefix, sizes, _sizes_of_parts(where))
    parts = [record | {"part": record["part"].removeprefix(prefix)} for record in records]
    totals = {name: sum(record[name] for record in records) for name in ("words", "bytes")}
    body = json.dumps({"run": current_run().run_id, **totals, "parts": parts}, ensure_ascii=False, indent=1).encode()
    ports().s3.put(where.bucket, where.prefix + MANIFEST, body)
    ports().s3.put(where.bucket, where.prefix + SUCCESS, b"")
    current_run().requests["s3.PutObject"] += 2
    return records


def _listed(number: int, each: Any) -> list[Any]:
    if not isinstance(each, list):
        raise ValueError(f"summary: reducer output {number} is no list of parts, as others are: {shown(each)}")
    return each


def _checked(number: int, record: Any) -> dict[str, Any]:
    match record:
        case {"part": str(), "words": int(), "bytes": int(), "sha256": str()}:
            return dict(record)
    raise ValueError(f"summary: reducer output {number} has no record of a part: {shown(record)}")


def _sizes_of_parts(where: Destination) -> dict[str, int]:
    names = ((key.removeprefix(where.prefix), size) for key, size in ports().s3.list_objects(where.bucket, where.prefix))
    return {name: size for name, size in names if _PART.fullmatch(name)}


def _compare(prefix: str, told: dict[str, int], found: dict[str, int]) -> None:
    for name in sorted(told.keys() | found.keys()):
        if name not in found:
            raise OutputError(f"{prefix}{name} is not there any more, which a reducer wrote; probably something has deleted it")
        if name not in told:
            raise OutputError(f"{prefix}{name} was not written by this run; give each run a prefix of its own")
        if told[name] != found[name]:
            raise OutputError(
                f"{prefix}{name} has {found[name]:,} bytes, and {told[name]:,} were written; either another run has the same "
                "prefix, or user_reduce returns something else when it is called again"
            )
