"""One embedded AWS for the session, in a build directory of the tests' own, with every orchestration deployed side by side."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.mapreduce.shuffle import LAYOUTS
from scripts.orchestrations import ORCHESTRATIONS
from tests import cloud as clouds
from tests.cloud import ROOT, Cloud

BUILD = ROOT / "build" / "e2e"

_APART = {"layer": "test_layer", "stores": "test_return_stores", "workflows": "test_workflows"}
"""Groups of files that do not need the session's embedded AWS, by what their names start with."""

Written = Callable[..., bytes]

run_module = partial(clouds.run_module, BUILD)
deploy = partial(clouds.deploy, BUILD)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes share the tests (`-n 2 --dist loadgroup`): one has those on the session's embedded AWS, one has the others."""
    for item in (item for item in items if item.path.parent == Path(__file__).parent):
        group = next((name for name, start in _APART.items() if item.path.name.startswith(start)), "cloud")
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The embedded AWS with all orchestrations deployed; stopped at the end, whatever happens."""
    with clouds.deployed(BUILD) as made:
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
