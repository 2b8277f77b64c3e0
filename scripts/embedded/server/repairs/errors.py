"""Errors of functions, named as AWS names them: `Retry`, `Catch` and failure records depend on these names."""

import re
from typing import Any

from scripts.embedded.server.patching import module, replace

_TRACE_HEAD = "Traceback (most recent call last):\n"
_FRAME = re.compile(r"^(?=  File )", re.MULTILINE)


def name_errors_as_aws_does() -> None:
    """Reports a Python exception with its class name and its stack, and a dead process as Runtime.ExitError.

    ministack calls every exception "Runtime.HandlerError" and keeps the stack to itself, so that a `Retry` on a class
    name never matches. AWS: {"errorMessage", "errorType": class name, "requestId", "stackTrace": [str, ...]}.
    """

    def make(original: Any) -> Any:
        def execute(func: Any, event: Any, request_id: str) -> Any:
            result = original(func, event, request_id)
            body = result.get("body")
            if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
                result["body"] = _aws_error(str(body.get("errorMessage", "")), str(result.get("log", "")), request_id)
            return result

        return execute

    replace(module("services.lambda_svc"), "_execute_function_warm", ("func", "event", "request_id"), make)


def _aws_error(message: str, log: str, request_id: str) -> dict[str, Any]:
    _before, head, trace = log.rpartition(_TRACE_HEAD)
    if not head:
        died = message == "Worker process died"
        text = f"RequestId: {request_id} Error: Runtime exited without providing a reason" if died else message
        return {"errorType": "Runtime.ExitError" if died else "Runtime.HandlerError", "errorMessage": text}
    stem = trace.rstrip("\n").removesuffix(message).removesuffix(": ")
    frames, _newline, qualified_name = stem.rpartition("\n")
    return {
        "errorMessage": message,
        "errorType": qualified_name.rpartition(".")[2] or "Runtime.HandlerError",
        "requestId": request_id,
        "stackTrace": [frame for frame in _FRAME.split(frames + "\n") if frame and "_worker.py" not in frame],
    }


def name_throttles_for_step_functions() -> None:
    """Reports a throttled task as Lambda.TooManyRequestsException; ministack says "Lambda.Unknown", which no `Retry` for
    Lambda's transient errors matches."""

    def make(original: Any) -> Any:
        def throttle(reason_code: str, msg: str, retry_after: int = 1) -> Any:
            result = original(reason_code, msg, retry_after)
            result["body"]["errorType"] = "Lambda.TooManyRequestsException"
            return result

        return throttle

    replace(module("services.lambda_svc"), "_throttle_response", ("reason_code", "msg", "retry_after"), make)
