"""One embedded AWS for the session, in a build directory of the tests' own, with every orchestration deployed side by side."""

from collections.abc import Iterator
from functools import partial

import pytest

from runtime.orchestration import ORCHESTRATIONS
from tests import cloud as clouds
from tests.cloud import ROOT, Cloud

BUILD = ROOT / "build" / "e2e"

run_module = partial(clouds.run_module, BUILD)
deploy = partial(clouds.deploy, BUILD)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two processes share the tests (`-n 2 --dist loadgroup`): one has those on the session's embedded AWS, one all others."""
    for item in items:
        group = "cloud" if "cloud" in getattr(item, "fixturenames", ()) else "apart"
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """The embedded AWS with all orchestrations deployed; stopped at the end, whatever happens."""
    with clouds.running(BUILD) as endpoint:
        made = Cloud(BUILD, endpoint)
        made.deploy_all()
        yield made


@pytest.fixture(params=ORCHESTRATIONS)
def orchestration(request: pytest.FixtureRequest) -> str:
    """Each orchestration in turn: one body for all."""
    name: str = request.param
    return name
