"""One body, every orchestration with a client-side `resume`: a run that failed goes on from what it has stored.

The client is the true one; what it invokes and writes sets off the true functions, in process.
"""

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from runtime.orchestration.http_sync_s3.stores import RETURN_STORES
from runtime.run import current_run
from scripts.client.aws import objects
from scripts.client.errors import UsageError
from scripts.client.orchestrations import ORCHESTRATIONS, Orchestration, entry
from tests.fakes.bucketful import Buckets
from tests.fakes.client_aws import InProcessAws, notify
from tests.fakes.cluster import Cluster
from tests.fakes.deployments import Deployment, InvokedFunctions
from tests.fakes.limits import limit
from tests.fakes.user_maps import Gate
from tests.fakes.waiting import wait_until

SYSTEMS = [*(f"http_sync_s3 {store}" for store in RETURN_STORES), "http_only", "s3_triggers", "dynamodb_triggers"]

TEXTS = ["to be or not to be", "that is", "to be or not to be", "the question"]
COUNTS = Counter(word for text in TEXTS for word in text.split())
REDUCERS = 3

BRANCHES = {"mapper": [f"mapper {n}" for n in range(1, 5)], "reducer": [f"reducer {n}" for n in range(1, REDUCERS + 1)]}
AFTER = {
    "mapper": ["partition", *BRANCHES["reducer"], "summary"],
    "partition": [*BRANCHES["reducer"], "summary"],
    "reducer": ["summary"],
    "summary": [],
}
"""What is still to run when all invocations of a function have returned."""


class Components:
    """The components of a cluster: how often each ran, e.g. `{"mapper 3": 1, "partition": 1}`, and which of them is broken.

    The broken one fails once all others of its fan-out are done, so that it is the only one missing.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.broken: str | None = None
        self.ran: Counter[str] = Counter()
        self._done: set[str] = set()
        self._lock = threading.Lock()
        for function in ("mapper", "partition", "reducer", "summary"):
            wrapper = cluster.components[function]
            wrapper._component = self._observed(function, wrapper._component)

    def _observed(self, function: str, component: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def observed(event: Any, context: Any) -> Any:
            name = f"{function} {current_run().index}" if function in BRANCHES else function
            with self._lock:
                self.ran[name] += 1
            if name == self.broken:
                others = {other for other in BRANCHES.get(function, ()) if other != name}
                wait_until(lambda: others <= self._done, f"all but {name}")
                raise ValueError("broken on purpose")
            value = component(event, context)
            with self._lock:
                self._done.add(name)
            return value

        return observed


class System:
    """One deployment, and a run on it as its client sees it."""

    def __init__(self, deployment: Deployment, aws: InProcessAws) -> None:
        self.deployment, self.aws = deployment, aws
        self.buckets: Buckets = deployment.buckets
        self.components = Components(deployment.cluster)
        self.mappers = 0

    def client(self) -> Orchestration:
        """A client that knows nothing but the run's id."""
        return ORCHESTRATIONS[self.aws.deployment.orchestration](self.aws, "run1")

    def start(self, texts: list[str]) -> None:
        """Start the run."""
        self.mappers = len(texts)
        self.client().start([{"text": text, "destination": self.buckets.shuffle} for text in texts], attended=False)

    def fail(self, broken: str, texts: list[str]) -> None:
        """Start the run with something broken, and wait until it has failed."""
        self.components.broken = broken
        self.start(texts)
        self.deployment.wait()
        failure = self.buckets.failure("run1")
        assert (failure["function"], failure["message"]) == (broken.split()[0], "broken on purpose")

    def mend(self) -> None:
        """What is done before a run is resumed: the cause removed, and the record of the failure."""
        self.components.broken = None
        self.components.ran.clear()
        objects.remove(self.aws.store("results"), "run1/failed.json")

    def resume(self) -> list[str]:
        """What runs again, as the client tells it."""
        return self.client().resume(self.mappers, attended=False)

    def check(self, counts: dict[str, int]) -> None:
        """The run has ended well."""
        self.deployment.wait()
        assert self.buckets.failure("run1") is None
        assert self.buckets.result("run1") == counts


@pytest.fixture(params=SYSTEMS)
def system(
    request: pytest.FixtureRequest,
    buckets: Buckets,
    moto_endpoint: str,
    make_cluster: Callable[..., Cluster],
    monkeypatch: pytest.MonkeyPatch,
) -> System:
    name, _, store = request.param.partition(" ")
    more: dict[str, Any] = {}
    streams = None
    if name == "http_sync_s3":
        settings = request.getfixturevalue(f"{store}_store").settings
        made: Deployment = InvokedFunctions(buckets, make_cluster(name, **settings))
        more = {"return_store": store, "tables": settings.get("tables", {})}
        if store == "redis":
            more["redis_url"] = settings["redis"].url
    else:
        made = request.getfixturevalue(f"{name}_deployment")
        streams = getattr(made, "streams", None)
    if name == "s3_triggers":
        notify(request.getfixturevalue("s3_triggers_deployment").notifications, monkeypatch)
    return System(made, InProcessAws(moto_endpoint, buckets, made.cluster, streams, **more))


@pytest.mark.parametrize("broken", ["mapper 3", "mapper 4", "partition", "reducer 2", "reducer 3", "summary"])
def test_only_what_is_missing_runs_again(broken: str, system: System) -> None:
    system.fail(broken, TEXTS)
    system.mend()

    told = system.resume()

    system.check(COUNTS)
    assert told == [broken]
    assert system.components.ran == Counter([broken, *AFTER[broken.split()[0]]])


@pytest.mark.parametrize("broken", ["mapper 3", "partition", "reducer 2", "summary"])
def test_resuming_twice_changes_nothing(broken: str, system: System) -> None:
    system.fail(broken, TEXTS)
    system.mend()

    system.resume()
    system.resume()

    system.check(COUNTS)
    assert system.components.ran.keys() == {broken, *AFTER[broken.split()[0]]}


def test_run_that_fails_again_can_be_resumed_again(system: System) -> None:
    system.fail("mapper 3", TEXTS)
    system.mend()
    system.components.broken = "mapper 3"
    system.resume()
    system.deployment.wait()
    assert system.buckets.failure("run1")["index"] == 3

    system.mend()
    system.resume()

    system.check(COUNTS)
    assert system.components.ran == Counter(["mapper 3", *AFTER["mapper"]])


def test_stage_after_stage_may_fail(system: System) -> None:
    system.fail("mapper 1", TEXTS)
    for broken in ("partition", "reducer 1", "summary"):
        system.mend()
        system.components.broken = broken
        system.resume()
        system.deployment.wait()
        assert system.buckets.failure("run1")["function"] == broken.split()[0]
    system.mend()

    assert system.resume() == ["summary"]

    system.check(COUNTS)
    assert system.components.ran == {"summary": 1}


def test_resuming_a_run_in_which_nothing_failed_changes_nothing(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    monkeypatch.setattr("functions.mapper.user_map.user_map", gate)
    system.start([*TEXTS, "slow"])
    wait_until(lambda: system.components.ran["mapper 5"] > 0, "the slow mapper to begin")

    system.resume()
    gate.open()

    system.check(COUNTS + Counter(["slow"]))


def test_run_that_was_stopped_halfway_goes_on(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    monkeypatch.setattr("functions.mapper.user_map.user_map", gate)
    system.start([*TEXTS, "slow"])
    wait_until(lambda: system.components.ran["mapper 5"] > 0, "the slow mapper to begin")
    system.buckets.put(system.buckets.results, "run1/failed.json", {"error": "Cancelled"})
    gate.open()
    system.deployment.wait()
    assert system.buckets.result("run1") is None

    system.mend()
    system.resume()

    system.check(COUNTS + Counter(["slow"]))


@pytest.mark.parametrize("broken", ["partition", "summary"])
@pytest.mark.parametrize("texts", [[], [""]], ids=["no chunk", "no word"])
def test_fan_outs_of_nothing_are_resumed_too(texts: list[str], broken: str, system: System) -> None:
    system.fail(broken, texts)
    system.mend()

    system.resume()

    system.check({})
    assert not [name for name in system.components.ran if name.startswith("mapper")]


@pytest.mark.parametrize("broken", ["mapper 3", "partition", "reducer 2", "summary"])
def test_values_too_large_for_their_carriers_are_claim_checks(
    broken: str, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "MAX_EVENT_BYTES", 60)
    limit(event_bytes=60, payload_bytes=60, item_bytes=20)
    system.fail(broken, TEXTS)
    system.mend()

    told = system.resume()

    system.check(COUNTS)
    assert told == [broken]
    assert system.components.ran == Counter([broken, *AFTER[broken.split()[0]]])


def test_run_whose_chunks_are_gone_is_refused(system: System) -> None:
    system.fail("mapper 3", TEXTS)
    system.mend()
    system.client().remove(len(TEXTS))

    with pytest.raises(UsageError, match="can't be resumed"):
        system.resume()

    system.deployment.wait()
    assert system.components.ran == {}
