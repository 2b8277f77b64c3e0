"""What all tests need."""

import signal

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C work: a shell starts its background jobs with SIGINT ignored, and every process below inherits that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
