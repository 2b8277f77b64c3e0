"""INPUT that is what another run has made, `run:RUN_ID`: lines `["word", value]`, as records of the format jsonl.

A result in S3 is read by the mappers themselves: its parts become ranges, and small ones share a chunk. A result that was
returned is read here, and travels with the chunks.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from runtime.concurrency import at_once
from runtime.mapreduce.keys import Destination
from runtime.mapreduce.ranged.opening import Form
from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment
from scripts.client.errors import InputError
from scripts.client.input import elements as made
from scripts.client.input.chunks import Element
from scripts.client.input.content import Content
from scripts.client.input.ranges import Listed, ranges
from scripts.client.input.reading import Choose, Cutting, Input
from scripts.client.report.formats import format_of
from scripts.client.report.output import parse_result, to_blocks
from scripts.client.running.runs import StartedRun
from scripts.client.stored.claim import RESULT
from scripts.client.stored.output import Parts

SCHEME = "run:"

_FORM = Form(format="jsonl")
_THREADS = 8


def read_runs(
    runs: Sequence[StartedRun], reader: Deployment, chunk_bytes: int | None, chunks: int | None, choose: Choose
) -> Input[Element]:
    """What the results of runs give to read. All of them are in S3, or none.

    Args:
        runs: that have ended.
        reader: the deployment whose mappers will read.
        chunk_bytes: largest chunk, in bytes.
        chunks: about how many chunks, in place of `chunk_bytes`.
        choose: the largest chunk where neither is given.

    Raises:
        InputError: a run has no result, or one that the mappers may not read, or that was changed since.
        StorageError: a request finally failed.
    """
    results = [_result(run) for run in runs]
    parts = [Parts.of(result) for result in results]
    if not all(parts):
        if any(parts):
            raise InputError("some of these runs have their result in S3, and some have not; give each kind to a run of its own")
        contents = [_content(run, result) for run, result in zip(runs, results, strict=True)]
        return Cutting(chunk_bytes, chunks, choose).cut(made.flow_of(contents))
    records = [(run.aws, record) for run, each in zip(runs, parts, strict=True) if each for record in each.records]
    for run, each in zip(runs, parts, strict=True):
        _check_readable(run, each, reader)
    total = sum(record["bytes"] for _, record in records)
    chosen = None if chunk_bytes or chunks else choose(total)
    limit = chunk_bytes or chosen or max(1, -(-total // (chunks or 1)))
    tags = at_once([partial(_tag, aws, record) for aws, record in records], _THREADS)
    found = [Listed(record["part"], tag, record["bytes"]) for (_, record), tag in zip(records, tags, strict=True)]
    return Input([Element.of(content) for content in ranges(found, limit, _FORM)], [], chosen)


def _result(run: StartedRun) -> Any:
    body = objects.read(run.aws.store("results"), f"{run.run_id}/{RESULT}")
    if body is None:
        raise InputError(f"{SCHEME}{run.run_id}: the run has no result; see where it stands: {run.how_to('status')}")
    return parse_result(run.run_id, body)


def _content(run: StartedRun, result: Any) -> Content:
    name = f"{SCHEME}{run.run_id}"
    if not isinstance(result, dict):
        raise InputError(f"{name}: the run's result is no table of words")
    return Content.open(name, name, to_blocks(result, form=format_of("a.jsonl")), _FORM)


def _check_readable(run: StartedRun, parts: Parts | None, reader: Deployment) -> None:
    if parts is None:
        return
    bucket = Destination.parse(parts.url, None).bucket
    if bucket not in (reader.buckets.get("shuffle"), *reader.output_buckets):
        raise InputError(
            f"{SCHEME}{run.run_id}: its result is in {parts.url}, which {reader} may not read; take the deployment of that run, "
            f"or let this one write to {bucket}, too, with the variable output_buckets"
        )


def _tag(aws: Aws, record: dict[str, Any]) -> str:
    """The ETag of a part as it lies there now."""
    bucket, _, key = str(record["part"]).removeprefix("s3://").partition("/")
    found = objects.head(aws.bucket(bucket), key)
    if found is None or found[0] != record["bytes"]:
        raise InputError(f"{record['part']} is not there as the run has written it; something has changed or deleted it")
    return found[1]
