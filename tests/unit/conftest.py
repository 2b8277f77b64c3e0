"""Unit tests of functions/, runtime/ and scripts/package see no network: a socket or an S3 client is an error in them."""

import socket
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from runtime.ports import ports

_GUARDED = {"functions", "mapreduce", "orchestration", "package", "test_boundaries.py"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Forbid the network while a guarded test runs."""
    if item.path.relative_to(Path(__file__).parent).parts[0] not in _GUARDED:
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", _refuse)
        patch.setattr(socket.socket, "connect_ex", _refuse)
        patch.setattr(ports().s3, "_open", _refuse, raising=False)
        return (yield)


def _refuse(*arguments: Any) -> Any:
    raise AssertionError(f"a unit test uses the network: {arguments!r:.200}")
