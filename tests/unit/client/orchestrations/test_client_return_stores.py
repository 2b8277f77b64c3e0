"""Progress and clean-up of http_sync_s3 with each store of return values, without the services behind them."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.limits import LIMITS
from runtime.orchestration.http_sync_s3.stores import RETURN_STORES as STORES
from scripts.client.deployment import Deployment
from scripts.client.errors import ClientError, StorageError
from scripts.client.orchestrations.http_sync_s3 import return_stores
from scripts.client.orchestrations.http_sync_s3.client import HttpSyncS3
from scripts.client.orchestrations.http_sync_s3.return_stores import RETURN_STORES, InTable, open_store
from tests.fakes.deployed import wordcount, workflow_record
from tests.fakes.progress import mapped

RECORD = {
    "orchestration": "http_sync_s3",
    "prefix": "wordcount",
    "region": "us-east-1",
    "account_id": "1",
    "endpoint_url": None,
    "functions": {},
    "buckets": {"shuffle": "s", "returns": "r", "results": "x"},
    "state_machine_arn": None,
    "sfn_map_mode": None,
    "log_groups": {},
    "timeout_seconds": 300,
    "workflow": workflow_record("http_sync_s3"),
}

WORKFLOW = wordcount("http_sync_s3")


def deployment(**more: Any) -> Deployment:
    return Deployment.parse(RECORD | more, "test")


def run_in(chosen: Deployment, **clients: Any) -> HttpSyncS3:
    aws = SimpleNamespace(deployment=chosen, client=lambda service: clients.get(service), store=lambda role, patient=True: None)
    return HttpSyncS3(aws, "run1")


def test_client_knows_every_store() -> None:
    assert tuple(RETURN_STORES) == STORES


def test_older_record_means_s3() -> None:
    assert deployment().return_store == "s3"
    assert deployment(return_store=None, redis_url=None).return_store == "s3"


def test_store_that_the_client_does_not_know_is_refused() -> None:
    with pytest.raises(ClientError, match="'memcached', which this client doesn't know"):
        run_in(deployment(return_store="memcached")).check([])


def test_record_without_the_table_is_refused() -> None:
    with pytest.raises(ClientError, match="table returns"):
        run_in(deployment(return_store="dynamodb")).check([])


class Items:
    """DynamoDB's batches."""

    def __init__(self, images: dict[str, Any]) -> None:
        self.images = images

    def batch_get_item(self, RequestItems: Any) -> Any:
        ((table, wanted),) = RequestItems.items()
        keys = [key["Key"]["S"] for key in wanted["Keys"]]
        return {"Responses": {table: [self.images[key] for key in keys if key in self.images]}}

    def batch_write_item(self, RequestItems: Any) -> Any:
        for request in RequestItems["t"]:
            self.images.pop(request["DeleteRequest"]["Key"]["Key"]["S"], None)
        return {}


def table_of(mapped: range, reduced: range, partitions: int) -> Items:
    images: dict[str, Any] = {}
    for function, indexes in (("mapper", mapped), ("reducer", reduced)):
        for index in indexes:
            images[f"run1/{function}/{index}"] = {"Value": {"S": "1"}}
            block = images.setdefault(f"run1/{function}/finished/{(index - 1) // LIMITS.set_indexes}", {"Finished": {"NS": []}})
            block["Finished"]["NS"].append(str(index))
        images[f"run1/{function}/finished"] = {"Finished": {"NS": ["0"]}}
    images["run1/partition/1"] = {"Value": {"S": str([0] * partitions)}}
    for key, image in images.items():
        image["Key"] = {"S": key}
    return Items(images)


IN_TABLE = {"return_store": "dynamodb", "tables": {"returns": "t"}}


def test_sets_of_a_table_tell_the_progress() -> None:
    items = table_of(range(1, 1301), range(1, 4), partitions=5)

    assert run_in(deployment(**IN_TABLE), dynamodb=items).progress(1300) == mapped(1300, 3, 5, of=1300)
    assert run_in(deployment(**IN_TABLE), dynamodb=items).progress(1301) == mapped(1300, of=1301)


@pytest.mark.parametrize("mappers", [None, 1300])
def test_all_items_of_a_run_are_removed_and_no_others(mappers: int | None) -> None:
    items = table_of(range(1, 1301), range(1, 4), partitions=3)
    items.images["run10/mapper/1"] = {"Key": {"S": "run10/mapper/1"}}
    run = run_in(deployment(**IN_TABLE), dynamodb=items)

    InTable(run.aws, "run1").remove(WORKFLOW, partial(run._sizes_by_values, mappers))

    assert list(items.images) == ["run10/mapper/1"]


def test_value_of_a_branch_that_never_joined_its_set_is_removed_too() -> None:
    items = table_of(range(1, 2), range(0), partitions=0)
    items.images["run1/mapper/2"] = {"Key": {"S": "run1/mapper/2"}}

    InTable(run_in(deployment(**IN_TABLE), dynamodb=items).aws, "run1").remove(WORKFLOW, lambda: {"mapper": 2})

    assert items.images == {}


def test_cache_that_no_client_reaches_leaves_progress_unknown_and_removes_nothing() -> None:
    run = run_in(deployment(return_store="redis"))

    assert run.progress(3) == mapped(of=3)
    open_store(run.aws, "run1").remove(WORKFLOW, lambda: {"mapper": 3})


def test_nobody_asks_how_many_values_there_are_where_they_lie_in_a_bucket() -> None:
    asked: list[str] = []

    def sizes() -> dict[str, int]:
        asked.append("sizes")
        return {}

    open_store(run_in(deployment()).aws, "run1").remove(WORKFLOW, sizes)

    assert asked == []


def test_redis_that_is_gone_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(return_stores, "_SECONDS", 0.2)
    run = run_in(deployment(return_store="redis", redis_url="redis://:secret@127.0.0.1:1/0"))

    with pytest.raises(StorageError, match="the keys expire by themselves") as caught:
        open_store(run.aws, "run1").remove(WORKFLOW, lambda: {"mapper": 3})

    assert "secret" not in str(caught.value) + repr(run.aws.deployment)
