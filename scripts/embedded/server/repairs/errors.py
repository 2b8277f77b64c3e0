"""Errors of Lambda itself, named as AWS names them."""

from typing import Any

from scripts.embedded.server.patching import module, replace


def name_throttles_for_step_functions() -> None:
    """Report a throttled task as Lambda.TooManyRequestsException; ministack says "Lambda.Unknown", which no `Retry` for
    Lambda's transient errors matches.

    Unneeded once tests/embedded/test_states.py::test_a_throttled_task_is_named_as_lambda_names_it passes without it.
    """

    def make(original: Any) -> Any:
        def throttle(reason_code: str, msg: str, retry_after: int = 1) -> Any:
            result = original(reason_code, msg, retry_after)
            result["body"]["errorType"] = "Lambda.TooManyRequestsException"
            return result

        return throttle

    replace(module("services.lambda_svc"), "_throttle_response", ("reason_code", "msg", "retry_after"), make)
