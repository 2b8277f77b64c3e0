"""What all tests need."""

import signal

import pytest

from runtime.orchestration import output


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C work: a shell starts its background jobs with SIGINT ignored, and every process below inherits that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _log_to_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test read with `capfd` what the runtime logs, to the process's output as it was when the runtime was imported."""
    monkeypatch.setattr(output, "_descriptor", 1)
