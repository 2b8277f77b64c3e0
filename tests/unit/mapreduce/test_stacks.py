"""What the threads of this process are doing."""

import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from runtime.mapreduce import stacks


@pytest.fixture
def collecting() -> Iterator[None]:
    yield
    gc.enable()


def test_code_that_a_thread_runs_is_found() -> None:
    assert __file__ in stacks.own_files()[threading.current_thread()]


@pytest.mark.usefixtures("collecting")
@pytest.mark.parametrize("before", [True, False])
def test_no_garbage_is_collected_while_frames_are_listed(monkeypatch: pytest.MonkeyPatch, before: bool) -> None:
    seen = []
    monkeypatch.setattr(sys, "_current_frames", lambda: seen.append(gc.isenabled()) or {})
    if not before:
        gc.disable()

    stacks.own_files()

    assert (seen, gc.isenabled()) == ([False], before)
