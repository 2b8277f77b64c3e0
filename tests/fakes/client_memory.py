"""An AWS in memory, as the client's orchestrations see it: buckets and tables named as their roles."""

import json
from types import SimpleNamespace
from typing import Any

import obstore
from obstore.store import MemoryStore

from tests.fakes.client_tables import Tables
from tests.fakes.deployed import wordcount


class Bucket(MemoryStore):
    """A bucket that has a name."""

    config = {"bucket": "b"}  # noqa: RUF012


class MemoryAws:
    """`Aws`, as far as an orchestration's client side uses it for runs that begin with writes.

    Attributes:
        stores: each bucket by role.
        tables: the DynamoDB client.
    """

    def __init__(self) -> None:
        workflow = wordcount("dynamodb_triggers")
        self.stores = {role: Bucket() for role in ("shuffle", "results", "returns", *workflow.stages)}
        self.tables = Tables()
        self.deployment = SimpleNamespace(bucket=lambda role: role, table=lambda role: role, workflow=workflow)

    def store(self, role: str, *, patient: bool = True) -> Bucket:
        """The bucket of a role."""
        return self.stores[role]

    def client(self, service: str) -> Tables:
        """DynamoDB's, the only one."""
        assert service == "dynamodb"
        return self.tables

    def put(self, role: str, key: str, value: Any) -> None:
        """Store a JSON value."""
        obstore.put(self.stores[role], key, json.dumps(value).encode())

    def bodies(self, role: str) -> dict[str, Any]:
        """All JSON values of a bucket, by key; None for what is empty."""
        keys = [item["path"] for page in obstore.list(self.stores[role]) for item in page]
        return {key: json.loads(bytes(obstore.get(self.stores[role], key).bytes()) or b"null") for key in sorted(keys)}

    def keys(self) -> dict[str, list[str]]:
        """All that is anywhere."""
        found = {role: list(self.bodies(role)) for role in self.stores} | {
            f"table {name}": sorted(items) for name, items in self.tables.items.items()
        }
        return {name: keys for name, keys in found.items() if keys}

    def item(self, table: str, key: str, **attributes: Any) -> None:
        """Put an item."""
        self.tables.items.setdefault(table, {})[key] = {"Key": {"S": key}, **attributes}
