"""Lambda's payload limits, none of which ministack knows."""

import json
from typing import Any

from scripts.embedded.server.patching import module, wrap

SYNC_REQUEST_BYTES = 6_291_456
ASYNC_REQUEST_BYTES = 1_048_576
RESPONSE_BYTES = 6_291_556


def limit_request_payloads() -> None:
    """Answer 413 RequestEntityTooLargeException above 6 MB (synchronous) or 1 MB (asynchronous), as AWS does.

    Unneeded once tests/embedded/test_functions.py::test_payload_limits passes without it.
    """
    lambda_svc = module("services.lambda_svc")

    @wrap(lambda_svc, "_invoke")
    async def invoke(original: Any, name: str, event: Any, headers: Any, *args: Any, **keywords: Any) -> Any:
        asynchronous = headers.get("x-amz-invocation-type") == "Event"
        limit = ASYNC_REQUEST_BYTES if asynchronous else SYNC_REQUEST_BYTES
        size = int(headers.get("content-length") or 0) or len(json.dumps(event).encode())
        if size > limit:
            text = (
                f"{size} byte payload is too large for the Event invocation type (limit {limit} bytes)"
                if asynchronous
                else f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
            )
            return lambda_svc.error_response_json("RequestEntityTooLargeException", text, 413)
        return await original(name, event, headers, *args, **keywords)


def limit_response_payloads() -> None:
    """Fail an invocation whose return value is above 6 MB with Function.ResponseSizeTooLarge, as AWS does.

    Unneeded once tests/embedded/test_functions.py::test_payload_limits passes without it.
    """

    @wrap(module("services.lambda_svc"), "_execute_function_warm")
    def execute(original: Any, func: Any, event: Any, request_id: str) -> Any:
        result = original(func, event, request_id)
        if not result.get("error") and len(json.dumps(result.get("body")).encode()) > RESPONSE_BYTES:
            text = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
            body = {"errorType": "Function.ResponseSizeTooLarge", "errorMessage": text}
            return {"body": body, "error": True, "log": result.get("log", "")}
        return result
