"""What only last_out does: more than one branch may go on."""

from collections.abc import Callable
from typing import Any

from tests.fakes.bucketful import Buckets
from tests.fakes.cluster import Cluster


class TestLastOut:
    """Its duplicates."""

    def test_fan_ins_that_several_branches_find_complete_change_nothing(
        self, make_cluster: Callable[..., Cluster], buckets: Buckets
    ) -> None:
        cluster = make_cluster("last_out")
        chunks: list[Any] = [{"text": text, "destination": buckets.shuffle} for text in ("to be", "or not to be")]

        cluster.deliveries = 2
        cluster.invoke_async("unum_map", {"Session": "run1", "Data": {"Source": "http", "Value": chunks}})
        cluster.wait_idle()

        assert len([function for function, _ in cluster.accepted if function == "partition"]) > 1
        assert buckets.result("run1") == {"to": 2, "be": 2, "or": 1, "not": 1}
