"""What a deployed function is told about itself, by its environment and its `.next` file.

Environment variables, all set by Terraform:
    ORCHESTRATION         sfn, http_sync_s3, ...
    FUNCTION              mapper, ...
    FUNCTION_PREFIX       what stands before the function in a Lambda's name: "wordcount-sfn-"
    SHUFFLE_BUCKET, RETURNS_BUCKET, RESULTS_BUCKET
    FAN_IN_WAIT_SECONDS   how long a fan-in may take in all, where a function waits for it
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runtime.orchestration.edge import Edge

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """One function's settings; `edge` is None where an orchestrator outside the functions knows who is next (sfn)."""

    orchestration: str
    function: str
    function_prefix: str
    returns_bucket: str
    results_bucket: str
    fan_in_wait_seconds: int = 3600
    edge: Edge | None = None

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ, root: Path = _PACKAGE_ROOT) -> "Settings":
        """Read the environment and, where the package holds one, `.next`.

        Raises:
            KeyError: a variable is not set.
            DefinitionError: `.next` is wrong.
        """
        next_file = root / ".next"
        return cls(
            orchestration=environment["ORCHESTRATION"],
            function=environment["FUNCTION"],
            function_prefix=environment["FUNCTION_PREFIX"],
            returns_bucket=environment["RETURNS_BUCKET"],
            results_bucket=environment["RESULTS_BUCKET"],
            fan_in_wait_seconds=int(environment.get("FAN_IN_WAIT_SECONDS", "3600")),
            edge=Edge.load(next_file) if next_file.exists() else None,
        )
