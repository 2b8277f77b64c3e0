"""One embedded AWS for the session, in a build directory of the tests' own, with every orchestration deployed side by side."""

from collections.abc import Iterator
from functools import partial

import pytest

from runtime.orchestration import ORCHESTRATIONS
from tests import cloud as clouds
from tests.cloud import ROOT, Cloud

BUILD = ROOT / "build" / "e2e"

_APART = {"embedded": "test_embedded", "stores": "test_return_stores"}
"""Groups of files that start an embedded AWS of their own, by what their names start with."""

run_module = partial(clouds.run_module, BUILD)
deploy = partial(clouds.deploy, BUILD)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Processes share the tests (`-n 2 --dist loadgroup`): one has those on the session's embedded AWS, one has the others."""
    for item in items:
        group = next((name for name, start in _APART.items() if item.path.name.startswith(start)), "cloud")
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The embedded AWS with all orchestrations deployed; stopped at the end, whatever happens."""
    with clouds.running(BUILD) as endpoint:
        made = Cloud(BUILD, endpoint)
        made.deploy_all()
        yield made


@pytest.fixture(params=ORCHESTRATIONS, scope="session")
def orchestration(request: pytest.FixtureRequest) -> str:
    """Each orchestration in turn: one body for all.

    Of the session, so that pytest runs all tests of one orchestration together: its workers are then warm.
    """
    name: str = request.param
    return name
