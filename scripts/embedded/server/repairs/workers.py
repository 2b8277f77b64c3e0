"""Lambda worker processes: the environment they see, and how many of them lie idle."""

from collections.abc import Callable
from typing import Any

from scripts.embedded.server.patching import module, wrap

SIDE_BY_SIDE = 40
"""Idle workers that all orchestrations together have between two small runs of each: with fewer, each run would be cold."""


def complete_environment() -> None:
    """Give a worker the variables that AWS sets and ministack forgets.

    AWS_LAMBDA_LOG_GROUP_NAME above all: failure records and log lines name the log group.

    Unneeded once tests/embedded/test_functions.py::test_workers_see_what_aws_sets_and_nothing_of_the_caller passes without it.
    """

    def complete(config: dict[str, Any]) -> dict[str, Any]:
        name = config.get("FunctionName", "")
        missing = {
            "AWS_LAMBDA_LOG_GROUP_NAME": (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime', '')}",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "_HANDLER": config.get("Handler", ""),
            "TZ": ":UTC",
        }
        return {**config, "Environment": {"Variables": {**missing, **variables(config)}}}

    start_with(complete)


def start_with(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Has each worker start as if its function's configuration were what `change` makes of it."""

    @wrap(module("core.lambda_runtime").Worker, "_spawn")
    def spawn(original: Any, self: Any) -> Any:
        config = self.config
        self.config = change(config)
        try:
            return original(self)
        finally:
            self.config = config


def variables(config: dict[str, Any]) -> dict[str, str]:
    """The environment that a function's configuration asks for."""
    given: dict[str, str] = (config.get("Environment") or {}).get("Variables") or {}
    return given


def bound_idle_workers(limit: int) -> None:
    """Keep at most `limit` idle workers over all functions, ending those that were used longest ago.

    ministack keeps every worker of a burst for minutes (a Python process of 30 MB), for each function anew.

    Unneeded once tests/embedded/test_functions.py::test_idle_workers_of_all_functions_together_are_few passes without it.
    """
    runtime = module("core.lambda_runtime", "_workers, _lock, kill_workers")

    @wrap(module("services.lambda_svc"), "release_worker")
    def release(original: Any, worker: Any) -> None:
        original(worker)
        with runtime._lock:
            idle = [one for pool in runtime._workers.values() for one in pool if not one.in_use]
            surplus = sorted(idle, key=lambda one: float(one.last_used))[: max(0, len(idle) - limit)]
            for pool in runtime._workers.values():
                pool[:] = [one for one in pool if one not in surplus]
        if surplus:
            runtime.kill_workers(surplus)


def run_the_latest_code() -> None:
    """Run the code that a function has when it begins, in a worker of that code.

    ministack takes the code when it takes an event, which may then wait in a queue while the function is updated: the old code
    runs, and its worker serves what comes after that, too.

    Unneeded once tests/embedded/test_cold_starts.py::test_event_that_waited_while_its_function_was_updated_runs_the_new_code
    passes without it.
    """
    runtime = module("core.lambda_runtime", "_workers, _lock, kill_workers, _worker_key(func_name, config, qualifier)")
    lambda_svc = module("services.lambda_svc", "_get_func_record_for_ref(function_ref)")

    @wrap(lambda_svc, "acquire_worker")
    def acquire(original: Any, func_name: str, config: Any, code_zip: bytes, *args: Any, **more: Any) -> Any:
        qualifier = more.get("qualifier", "$LATEST")
        if qualifier == "$LATEST":
            record, _config, _name = lambda_svc._get_func_record_for_ref(config["FunctionArn"])
            code_zip = (record or {}).get("code_zip") or code_zip
            with runtime._lock:
                pool = runtime._workers.get(runtime._worker_key(func_name, config, qualifier), [])
                old = [worker for worker in pool if not worker.in_use and worker.code_zip != code_zip]
                pool[:] = [worker for worker in pool if worker not in old]
            if old:
                runtime.kill_workers(old)
        return original(func_name, config, code_zip, *args, **more)
