"""One embedded AWS for the session, behind a proxy that disturbs the functions' requests, with all orchestrations deployed."""

import contextlib
import dataclasses
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scripts.orchestrations import ORCHESTRATIONS
from tests.cloud import ROOT, Cloud, deploying
from tests.faults.proxy import Proxy, serving
from tests.faults.runs import BACK_OFF_SECONDS, DETECTION_SECONDS, Outcome, calm_run, in_all

BUILD = ROOT / "build" / "faults"
OUTCOMES = BUILD / "outcomes.json"

_outcomes = pytest.StashKey[list[Outcome]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_outcomes] = []


@pytest.fixture
def note(pytestconfig: pytest.Config) -> Callable[[list[Outcome]], None]:
    """Takes down what faults led to; shown at the end of the session, and left in build/faults/outcomes.json."""
    return pytestconfig.stash[_outcomes].extend


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    outcomes = config.stash[_outcomes]
    if not outcomes:
        return
    OUTCOMES.write_text(json.dumps([dataclasses.asdict(each) for each in outcomes], indent=1) + "\n")
    terminalreporter.section("faults and what they led to")
    for each in outcomes:
        terminalreporter.line(
            f"{each.fault:<44} {each.orchestration:<18} {each.injected:>5} faults  {each.ended:<34} {each.seconds:6.1f} s"
        )


@dataclasses.dataclass(frozen=True)
class Site:
    """The embedded AWS, and the proxy between it and the functions.

    Attributes:
        around: a build directory with the same deployments, whose client goes by way of the proxy, too.
        calm: seconds that a run without faults takes here, by orchestration.
    """

    cloud: Cloud
    proxy: Proxy
    around: Path
    calm: dict[str, float]

    def limit(self, orchestration: str) -> float:
        """Seconds within which a fault must be seen, and the run ended: what is over a calm run are back-off and detection."""
        return self.calm[orchestration] + BACK_OFF_SECONDS[orchestration] + DETECTION_SECONDS


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """All of it; stopped at the end, whatever happens."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (
        deploying(BUILD, "--keep-state", "--lambda-endpoint", f"http://127.0.0.1:{port}") as cloud,
        contextlib.ExitStack() as stack,
    ):
        for orchestration in ORCHESTRATIONS:
            cloud.deployment(orchestration)
        proxy = stack.enter_context(serving(port, cloud.endpoint_url, BUILD / "proxy.txt"))
        calm = in_all(lambda orchestration: calm_run(cloud, orchestration))
        yield Site(cloud, proxy, _by_way_of(proxy), {each.orchestration: each.seconds for each in calm})


def _by_way_of(proxy: Proxy) -> Path:
    around = BUILD / "around"
    for path in [BUILD / "embedded" / "state.json", *(BUILD / "embedded" / "deployments").glob("*.json")]:
        copy = around / path.relative_to(BUILD)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(json.dumps({**json.loads(path.read_text()), "endpoint_url": proxy.endpoint_url}))
    return around
