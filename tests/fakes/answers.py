"""What Lambda answers for a Python function that failed."""

import json
import traceback
from typing import Any


def raised(error: BaseException, request_id: str) -> dict[str, Any]:
    """The answer after an exception, made as Lambda's runtime makes it: with `str()` of the exception, and encoded as UTF-8.

    Where that fails, and for what is no Exception, the runtime's process ends, see
    https://github.com/aws/aws-lambda-python-runtime-interface-client.
    """
    try:
        if not isinstance(error, Exception):
            raise error
        found = traceback.extract_tb(error.__traceback__)
        frames = traceback.StackSummary.from_list([(frame.filename, frame.lineno, frame.name, frame.line) for frame in found])
        told = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": request_id,
            "stackTrace": frames.format(),
        }
        json.dumps(told, ensure_ascii=False).encode()
    except BaseException:
        return exited("exit status 1", request_id)
    return told


def exited(how: str, request_id: str) -> dict[str, Any]:
    """The answer after the end of the process: `exit status 3`, `signal: killed`. It has no stackTrace and no requestId."""
    return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: Runtime exited with error: {how}"}
