"""A client's AWS whose functions run in process: what the client writes on the test server sets them off, as on AWS.

S3 sends an event for each object that is written, be it for the first time or over another. A table's stream tells of an item
that is new; one that is put over another is a modification, which no mapping of ours lets through.
"""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from scripts.client.aws import objects
from scripts.client.aws.clients import Aws
from scripts.client.deployment import Deployment
from scripts.package.functions import functions_of
from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import REGION, Cluster, LambdaError
from tests.fakes.deployed import wordcount
from tests.fakes.notifications import Notifications
from tests.fakes.streams import Streams


class InvokingClient:
    """boto3's Lambda client.

    Attributes:
        invoked: each invocation, `(function, event)`.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.invoked: list[tuple[str, Any]] = []
        self._cluster = cluster

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        """Lambda's Invoke, of either type."""
        function, event = FunctionName.removeprefix(self._cluster.prefix), json.loads(Payload)
        self.invoked.append((function, event))
        if InvocationType == "Event":
            self._cluster.invoke_async(function, event)
            return {"StatusCode": 202}
        try:
            return _answer(self._cluster.invoke(function, event))
        except LambdaError as error:
            return _answer(error.answer) | {"FunctionError": "Unhandled"}


def _answer(value: Any) -> dict[str, Any]:
    return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(value).encode()), "ResponseMetadata": {"RequestId": "q1"}}


class StreamingClient:
    """boto3's DynamoDB client, with streams behind its puts if the tables have any.

    Attributes:
        interrupt: called before each request; raises in the place of it.
    """

    def __init__(self, client: Any, streams: Streams | None) -> None:
        self.interrupt: Callable[[str], None] = lambda operation: None
        self._client, self._streams = client, streams

    def batch_get_item(self, **request: Any) -> Any:
        """Passed on."""
        self.interrupt("get")
        return self._client.batch_get_item(**request)

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> Any:
        """Passed on; what is new then goes into the stream."""
        ((table, requests),) = RequestItems.items()
        puts = [request["PutRequest"]["Item"] for request in requests if "PutRequest" in request]
        self.interrupt("put" if puts else "delete")
        fresh = [item for item in puts if "Item" not in self._client.get_item(TableName=table, Key={"Key": item["Key"]})]
        answer = self._client.batch_write_item(RequestItems=RequestItems)
        for item in fresh if self._streams else ():
            self._streams.created(table, item)
        return answer


class InProcessAws(Aws):
    """`Aws` with those clients; S3 is the test server's.

    Attributes:
        functions: the Lambda client.
        items: the DynamoDB client.
    """

    def __init__(self, endpoint: str, buckets: Buckets, cluster: Cluster, streams: Streams | None, **more: Any) -> None:
        orchestration = cluster.prefix.removeprefix("wordcount-").removesuffix("-")
        names = functions_of(orchestration)
        roles = {"shuffle": buckets.shuffle, "returns": buckets.returns, "results": buckets.results, **buckets.stages}
        super().__init__(
            Deployment(
                orchestration=orchestration,
                prefix="wordcount",
                region=REGION,
                account_id="1",
                endpoint_url=endpoint,
                functions={name: cluster.prefix + name for name in names},
                buckets=roles,
                state_machine_arn=None,
                sfn_map_mode=None,
                log_groups={},
                timeout_seconds=60,
                workflow=wordcount(orchestration),
                **{"tables": dict(buckets.tables.names)} | more,
            )
        )
        self.functions = InvokingClient(cluster)
        self.items = StreamingClient(buckets.tables.client, streams)

    def client(self, service: str) -> Any:
        """One of the two."""
        return {"lambda": self.functions, "dynamodb": self.items}[service]

    def long_client(self, service: str, answer_seconds: float) -> Any:
        """The same."""
        return self.client(service)


def notify(notifications: Notifications, patch: pytest.MonkeyPatch) -> None:
    """Send an event for each object that the client writes into a stage's bucket."""
    create, write = objects.create, objects.write

    def creating(store: Any, key: str, body: bytes) -> bool:
        created = create(store, key, body)
        if created:
            notifications.written(store.config["bucket"], key, body)
        return created

    def writing(store: Any, key: str, body: bytes) -> None:
        write(store, key, body)
        notifications.written(store.config["bucket"], key, body)

    patch.setattr(objects, "create", creating)
    patch.setattr(objects, "write", writing)
