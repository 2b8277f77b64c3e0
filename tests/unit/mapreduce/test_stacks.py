"""What the threads of this process are doing."""

import sys
import threading
from typing import Any

import pytest

from runtime.mapreduce import stacks


def test_code_that_a_thread_runs_is_found() -> None:
    assert __file__ in stacks.own_files()[threading.current_thread()]


def test_what_is_no_frame_ends_a_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    ident: Any = threading.get_ident()
    monkeypatch.setattr(sys, "_current_frames", lambda: {ident: test_code_that_a_thread_runs_is_found.__code__})

    assert stacks.own_files()[threading.current_thread()] == set()
