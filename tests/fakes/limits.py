"""Smaller sizes for the runtime, in the services that are a test's own."""

from runtime.ports import ports
from runtime.record import replace


def limit(**sizes: int) -> None:
    """Let these limits hold for the rest of the test."""
    own = ports()
    own.limits = replace(own.limits, **sizes)
