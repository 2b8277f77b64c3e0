"""The orchestrations that there are: the folders of runtime/orchestration that hold an `orchestration.py`."""

import argparse
import importlib

from scripts import paths

_DOCUMENTED = ("sfn", "http_sync_s3", "http_only", "s3_triggers", "dynamodb_triggers")
"""The order in which the documentation presents them, the default first. Those that it does not name come behind these."""


def names() -> tuple[str, ...]:
    """Names of all orchestrations."""
    found = sorted(path.parent.name for path in (paths.ROOT / "runtime" / "orchestration").glob("*/orchestration.py"))
    return tuple(sorted(found, key=lambda name: _DOCUMENTED.index(name) if name in _DOCUMENTED else len(_DOCUMENTED)))


def needs(orchestration: str) -> frozenset[str]:
    """What an orchestration needs from packaging, as the constant `NEEDS` of its package says::

    entry          a run starts with one invocation, so that a function has to stand before a fan-out with which a workflow begins
    state machine  the workflow, compiled for Step Functions
    redis layer    the redis package, for return values that lie in a Redis
    """
    found: frozenset[str] = importlib.import_module(f"runtime.orchestration.{orchestration}").NEEDS
    return found


ORCHESTRATIONS = names()


def some(text: str) -> tuple[str, ...]:
    """As an option's type: some of the names, separated by commas or blanks, or all where there is none."""
    wanted = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if unknown := [name for name in wanted if name not in ORCHESTRATIONS]:
        raise argparse.ArgumentTypeError(f"there is no orchestration {unknown[0]!r}; there are {', '.join(ORCHESTRATIONS)}")
    return wanted or ORCHESTRATIONS
