"""What all tests need."""

import signal
from collections.abc import Iterator

import hypothesis
import pytest

from runtime.orchestration.output import Output
from runtime.ports import Ports, using

# A machine that is busy is slow, and no test fails of that.
hypothesis.settings.register_profile("project", database=None, deadline=None)
hypothesis.settings.load_profile("project")


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C work: a shell starts its background jobs with SIGINT ignored, and every process below inherits that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_ports() -> Iterator[Ports]:
    """Give each test services of its own: what it changes about them is gone with it. `capfd` reads what the runtime logs."""
    with using(Ports(log=Output(1))) as own:
        yield own
