"""A result that the functions write to S3: where it goes, whose it is, and what is told of it.

    {prefix}_RUN                    {"run": run id}: whose the prefix is, from before the run's start until it is tidied up
    {prefix}part-00000.jsonl ...    see runtime.mapreduce.parts
    {prefix}manifest.json, _SUCCESS see runtime.mapreduce.manifest

`_RUN` is created if absent, before anything is started. So of two runs with one prefix the second is refused, also before the
first has written a part.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from obstore.store import S3Store

from runtime.mapreduce.keys import Destination
from runtime.mapreduce.manifest import MANIFEST, SUCCESS
from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment
from scripts.client.errors import ClientError, UsageError

if TYPE_CHECKING:
    from scripts.client.running.runs import StartedRun

SCHEME = "s3://"

_MARKER = "_RUN"

_SMALL_BYTES = 2**20
"""Of all parts together: a result that is read for a table."""


@dataclass(frozen=True)
class S3Output:
    """A bucket and, in it, a prefix that ends in a slash."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, url: str) -> "S3Output":
        """Read `s3://bucket/prefix/`; the last slash may be missing. Raises UsageError: it is malformed, or has no prefix."""
        try:
            where = Destination.parse(url, None)
        except ValueError as error:
            raise UsageError(f"--output {url}: {str(error).partition(' ')[2] or error}; write s3://bucket/prefix/") from None
        if not where.prefix:
            raise UsageError(f"--output {url}: name a prefix that nothing lies below, such as s3://{where.bucket}/counts/")
        return cls(where.bucket, where.prefix)

    @property
    def url(self) -> str:
        """`s3://bucket/prefix/`."""
        return f"{SCHEME}{self.bucket}/{self.prefix}"

    @classmethod
    def of_step(cls, deployment: Deployment, run_id: str) -> "S3Output":
        """Where a run writes its result for the next step: below its own prefix in the deployment's own bucket."""
        return cls(deployment.bucket("shuffle"), f"{run_id}/parts/")

    def check_granted(self, deployment: Deployment, run_id: str) -> None:
        """Raise UsageError if the functions of a deployment may not write there for this run."""
        if self.bucket in deployment.output_buckets or self == self.of_step(deployment, run_id):
            return
        known = ", ".join(deployment.output_buckets) or "no bucket but its own"
        how = deployment.how_to_add("output_buckets", self.bucket)
        raise UsageError(
            f"--output {self.url}: {deployment} may write results to {known}; let it write to {self.bucket}, too: {how}"
        )

    def claim(self, aws: Aws, run_id: str) -> None:
        """Make the prefix the run's.

        Raises:
            UsageError: something lies below it. Nothing is left behind.
            StorageError: a request finally failed.
        """
        store = aws.bucket(self.bucket)
        body = json.dumps({"run": run_id}).encode()
        if objects.create_or_read(store, self.prefix + _MARKER, body) != body:
            raise self._taken(store)
        if any(item["path"] != self.prefix + _MARKER for item in islice(objects.listed(store, self.prefix), 2)):
            error = self._taken(store)
            objects.remove(store, self.prefix + _MARKER)
            raise error

    def release(self, aws: Aws, run_id: str) -> None:
        """Take the marker away, if it is the run's. Raises StorageError."""
        store = aws.bucket(self.bucket)
        if self._is_of(store, run_id):
            objects.remove(store, self.prefix + _MARKER)

    def remove(self, aws: Aws, run_id: str) -> bool:
        """Take away what the run has written, unless that is whole; whether it is whole, and was left. Raises StorageError."""
        store = aws.bucket(self.bucket)
        whole = objects.exists(store, self.prefix + SUCCESS)
        if not whole and self._is_of(store, run_id):
            for key in objects.names(store, self.prefix):
                if key != self.prefix + _MARKER and "/" not in key.removeprefix(self.prefix):
                    objects.remove(store, key)
        self.release(aws, run_id)
        return whole

    def _is_of(self, store: S3Store, run_id: str) -> bool:
        return objects.read(store, self.prefix + _MARKER) == json.dumps({"run": run_id}).encode()

    def _taken(self, store: S3Store) -> UsageError:
        manifest = objects.read(store, self.prefix + MANIFEST) or objects.read(store, self.prefix + _MARKER) or b"{}"
        try:
            run = json.loads(manifest).get("run")
        except (ValueError, AttributeError):
            run = None
        of = f", of run {run}" if run else ""
        return UsageError(f"--output {self.url}: something lies there already{of}; give each run a prefix of its own")


def output_of(options: argparse.Namespace) -> S3Output | None:
    """What --output says, if that is a place in S3. Raises UsageError: it is malformed."""
    return S3Output.parse(options.output) if (options.output or "").startswith(SCHEME) else None


def release_output(run: "StartedRun") -> None:
    """Take away what says whose the prefix of a run's output is: the run is done, or never began. Raises StorageError."""
    if run.output is not None:
        S3Output.parse(run.output).release(run.aws, run.run_id)


def remove_output(run: "StartedRun") -> str | None:
    """Take away what a run has written to its output, unless it is whole: then return where it is. Raises StorageError."""
    if run.output is None:
        return None
    output = S3Output.parse(run.output)
    return output.url if output.remove(run.aws, run.run_id) else None


@dataclass(frozen=True)
class Parts:
    """What summary returned of an output: a record of each part, see `runtime.mapreduce.parts.write_part`."""

    records: Sequence[dict[str, Any]]

    @classmethod
    def of(cls, result: Any) -> "Parts | None":
        """None if a result of words and values was returned. (That is an object, and this is a list.)"""
        return cls(result) if isinstance(result, list) else None

    @property
    def words(self) -> int:
        """How many."""
        return sum(record["words"] for record in self.records)

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(record["bytes"] for record in self.records)

    @property
    def url(self) -> str:
        """Where they lie."""
        return str(self.records[0]["part"]).rpartition("/")[0] + "/"

    def __str__(self) -> str:
        """`98 distinct words in 3 parts, 1,234 bytes: s3://bucket/prefix/`."""
        words, parts = self.words, len(self.records)
        return (
            f"{words:,} distinct word{'s' * (words != 1)} in {parts:,} part{'s' * (parts != 1)}, {self.size:,} bytes: {self.url}"
        )

    @property
    def are_small(self) -> bool:
        """Whether they may be read for a table."""
        return self.size <= _SMALL_BYTES

    def pairs(self, aws: Aws) -> Iterator[tuple[str, Any]]:
        """All words with their values, part by part.

        Raises:
            ClientError: a part is not as it was written.
            StorageError: a request finally failed.
        """
        for record in self.records:
            where = Destination.parse(self.url, None)
            name = str(record["part"]).rpartition("/")[2]
            body = objects.read(aws.bucket(where.bucket), where.prefix + name) or b""
            if hashlib.sha256(body).hexdigest() != record["sha256"]:
                raise ClientError(f"{record['part']} is not what the run has written: its checksum is another")
            for line in body.splitlines():
                word, value = json.loads(line)
                yield word, value
