"""One embedded AWS for each test process, in a build directory of its own, with the orchestrations side by side on it."""

import os
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.mapreduce.shuffle import LAYOUTS
from scripts.orchestrations import ORCHESTRATIONS
from tests import cloud as clouds
from tests.cloud import ROOT, Cloud

BUILD = ROOT / "build" / f"e2e-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"

_GROUPS = {
    "test_compare": "all",
    "test_layer": "layer",
    "test_return_stores": "stores",
    "test_workflows": "workflows",
}
"""The groups of tests by the names of their files; of other tests it is the orchestration that they use."""

_ORDER = ("sfn", "all", "workflows", "dynamodb_triggers", *ORCHESTRATIONS, "stores")
"""What takes longest begins first. Groups that are not named here, which tests/embedded has, too, fill the rest of the time."""

Written = Callable[..., bytes]

run_module = partial(clouds.run_module, BUILD)
deploy = partial(clouds.deploy, BUILD)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Let test processes share the tests (`-n 2 --dist loadgroup --no-loadscope-reorder`) by groups, in the order of those.

    A process deploys only what its groups use.
    """
    for item in (item for item in items if item.path.parent == Path(__file__).parent):
        item.add_marker(pytest.mark.xdist_group(_GROUPS.get(item.path.stem) or _orchestration_of(item)))
    yield
    items.sort(key=lambda item: next(map(_rank, item.iter_markers("xdist_group")), len(_ORDER)))


def _orchestration_of(item: pytest.Item) -> str:
    """That of the test's parameter; tests without one use the first."""
    chosen = getattr(item, "callspec", None)
    return str(chosen.params.get("orchestration", ORCHESTRATIONS[0]) if chosen else ORCHESTRATIONS[0])


def _rank(group: pytest.Mark) -> int:
    return _ORDER.index(group.args[0]) if group.args[0] in _ORDER else len(_ORDER)


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The embedded AWS, on which an orchestration is deployed when a test first needs it; stopped at the end in any case."""
    with clouds.deploying(BUILD) as made:
        yield made


@pytest.fixture(params=ORCHESTRATIONS, scope="session")
def orchestration(request: pytest.FixtureRequest) -> str:
    """Each orchestration in turn: one body for all.

    Of the session, so that pytest runs all tests of one orchestration together: its workers are then warm.
    """
    name: str = request.param
    return name


@pytest.fixture(params=LAYOUTS, scope="session")
def shuffle(request: pytest.FixtureRequest) -> str:
    """Each layout in turn."""
    name: str = request.param
    return name


@pytest.fixture
def written(cloud: Cloud, orchestration: str, shuffle: str, tmp_path: Path) -> Written:
    """A run of an input in that orchestration and layout: the file that the client writes."""

    def run(text: str, *options: str) -> bytes:
        path = tmp_path / "output.json"
        done = cloud.invoke(orchestration, "--shuffle", shuffle, "--output", str(path), *options, "-", stdin=text)
        assert done.status == 0, done.out + done.err
        return path.read_bytes()

    return run
