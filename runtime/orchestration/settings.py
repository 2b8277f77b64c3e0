"""What a deployed function is told about itself, by its environment and its `.next` file.

Environment variables, all set by Terraform:
    ORCHESTRATION         sfn, http_sync_s3, ...
    FUNCTION              square, ...
    FUNCTION_PREFIX       what stands before the function in a Lambda's name: "wordcount-sfn-"
    BUCKETS               JSON, the buckets by role: {"shuffle": ..., "returns": ..., "results": ..., "square-input": ..., ...}
    TABLES                JSON, the tables by role: {"square-input": ..., "results": ..., ...}; may be left out
    TIMEOUT_SECONDS       after which Lambda ends an invocation of this function
    FAN_IN_WAIT_SECONDS   how long a fan-in may take in all, where a function waits for it
    FAN_OUT_CONCURRENCY   how many branches are under way at once, where a function waits for their answers
    RETURN_STORE          s3 (default), dynamodb or redis, where return values have a store of their own
    REDIS_URL             a Redis by its URL; or REDIS_HOST, REDIS_USER and REDIS_CACHE, see `stores.redis_connection`
"""

import json
import os
from collections.abc import Mapping

from runtime.orchestration.workflow.place import Place
from runtime.record import field, record

_PACKAGE_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


@record
class RedisTarget:
    """Where a Redis is, and as whom to go there; `url` may hold a password."""

    url: str = field(default_factory=str, repr=False)
    host: str = ""
    user: str = ""
    cache: str = ""


@record
class Settings:
    """One function's settings; `place` is None where an orchestrator outside the functions knows who is next (sfn)."""

    orchestration: str
    function: str
    function_prefix: str
    returns_bucket: str
    results_bucket: str
    fan_in_wait_seconds: int = 3600
    place: Place | None = None
    timeout_seconds: int = 300
    fan_out_concurrency: int = 64
    buckets: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    return_store: str = "s3"
    redis: RedisTarget = RedisTarget()

    @classmethod
    def load(cls, environment: Mapping[str, str] = os.environ, root: str | os.PathLike[str] = _PACKAGE_ROOT) -> "Settings":
        """Read the environment and, where the package holds one, `.next`.

        Raises:
            KeyError: a variable is not set, or there is no bucket for results.
            ValueError: BUCKETS or TABLES is no JSON.
            DefinitionError: `.next` is wrong.
        """
        buckets = json.loads(environment["BUCKETS"])
        next_file = os.path.join(root, ".next")
        return cls(
            orchestration=environment["ORCHESTRATION"],
            function=environment["FUNCTION"],
            function_prefix=environment["FUNCTION_PREFIX"],
            returns_bucket=buckets.get("returns", ""),
            results_bucket=buckets["results"],
            fan_in_wait_seconds=int(environment.get("FAN_IN_WAIT_SECONDS", "3600")),
            place=Place.load(next_file) if os.path.exists(next_file) else None,
            timeout_seconds=int(environment.get("TIMEOUT_SECONDS", "300")),
            fan_out_concurrency=int(environment.get("FAN_OUT_CONCURRENCY", "64")),
            buckets=buckets,
            tables=json.loads(environment.get("TABLES", "{}")),
            return_store=environment.get("RETURN_STORE", "s3"),
            redis=RedisTarget(*(environment.get(f"REDIS_{part}", "") for part in ("URL", "HOST", "USER", "CACHE"))),
        )
