"""The tables of one deployment on a test server, as a test looks at them: through boto3, not through our own Table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

STAGES = ("mapper-input", "mapper-output", "reducer-input", "reducer-output")


@dataclass(frozen=True)
class Tables:
    """A deployment's tables by role, with a boto3 client to look into them."""

    client: Any
    names: Mapping[str, str]

    def create(self) -> None:
        """Make them, empty."""
        for name in self.names.values():
            self.client.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "Key", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "Key", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )

    def item(self, role: str, key: str) -> Any:
        """An item as DynamoDB's API has it; None where there is none."""
        wanted = {"Key": {"S": key}}
        return self.client.get_item(TableName=self.names[role], Key=wanted, ConsistentRead=True).get("Item")

    def keys(self, role: str) -> list[str]:
        """All keys in a table, sorted."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.names[role])
        return sorted(item["Key"]["S"] for page in pages for item in page["Items"])

    def everything(self) -> list[str]:
        """All keys of all tables that there are."""
        try:
            return [key for role in self.names for key in self.keys(role)]
        except self.client.exceptions.ResourceNotFoundException:
            return []
