"""The machine's clock, as the runtime meets it."""

import threading
import time

import pytest

from runtime.clock import Clock


@pytest.mark.parametrize("pause", [Clock().sleep, lambda seconds: Clock().wait(threading.Event(), seconds)])
def test_pause_lets_its_seconds_pass(pause: object) -> None:
    began = time.monotonic()

    pause(0.02)  # type: ignore[operator]

    assert time.monotonic() - began >= 0.02


def test_wait_ends_with_the_event() -> None:
    event, began = threading.Event(), time.monotonic()
    event.set()

    Clock().wait(event, 60.0)

    assert time.monotonic() - began < 30.0
