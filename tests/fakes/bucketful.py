"""What one deployment stores on a test server, as a test looks at it: through boto3, not through our own storage."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.fakes.tableful import Tables

STAGES = ("input", "mapper_output", "reducer_input", "reducer_output")


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

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """All keys in a bucket, sorted."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return sorted(item["Key"] for page in pages for item in page.get("Contents", ()))

    def everything(self) -> list[str]:
        """All keys of all buckets and tables."""
        buckets = (self.shuffle, self.returns, self.results, self.given_up, *self.stages.values())
        found = [key for bucket in buckets for key in self.keys(bucket)]
        return found + self.tables.everything()

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
