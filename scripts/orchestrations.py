"""The orchestrations that there are: the folders of runtime/orchestration that hold an `orchestration.py`."""

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
