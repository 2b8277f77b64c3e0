"""What one deployment stores on a test server, as a test looks at it: not through our own storage.

Keys are read from the memory of the server, which is in this process: a test looks often, and boto3 takes its time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.tableful import Tables

STAGES = ("mapper-input", "mapper-output", "reducer-input", "reducer-output")


@dataclass(frozen=True)
class Buckets:
    """A deployment's buckets by role, with a boto3 client to look into them; `stages` are those that trigger functions."""

    client: Any
    shuffle: str
    returns: str
    results: str
    given_up: str
    stages: Mapping[str, str]
    tables: Tables

    def create(self) -> None:
        """Make them, empty; not the tables."""
        for bucket in self._names:
            _memory().create_bucket(bucket, "us-east-1")

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """All keys in a bucket, sorted."""
        keys = _memory().buckets[bucket].keys
        return sorted(key for key in list(keys) if key.startswith(prefix))

    def everything(self) -> list[str]:
        """All keys of all buckets and tables."""
        return [key for bucket in self._names for key in self.keys(bucket)] + self.tables.everything()

    def put(self, bucket: str, key: str, value: Any) -> None:
        """Store a JSON value."""
        self.client.put_object(Bucket=bucket, Key=key, Body=json.dumps(value).encode())

    def read(self, bucket: str, key: str) -> Any:
        """A JSON value; None where there is no object."""
        try:
            body = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        except self.client.exceptions.NoSuchKey:
            return None
        return json.loads(body)

    def result(self, run: str) -> Any:
        """The run's result.json, None while there is none."""
        return self.read(self.results, f"{run}/result.json")

    def failure(self, run: str) -> Any:
        """The run's failed.json, None while there is none."""
        return self.read(self.results, f"{run}/failed.json")

    @property
    def _names(self) -> tuple[str, ...]:
        return (self.shuffle, self.returns, self.results, self.given_up, *self.stages.values())


def _memory() -> Any:
    """What the server stores. Imported late: simulations read this module, too, and have no such server."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
