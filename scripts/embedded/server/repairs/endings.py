"""How an invocation ended that failed, told as Lambda tells it: `Retry`, `Catch` and failure records depend on that."""

import json
import signal
from typing import Any

from scripts.embedded.server.patching import edit_worker_script, module, wrap

_RAISED = '{"status": "error", "error": str(e), "trace": traceback.format_exc()}'
_TELL = """
def _ms_tell(error):
    import json, traceback

    found = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in traceback.extract_tb(error.__traceback__)]
    frames = traceback.format_list([frame for frame in found if not frame[0].endswith("/_worker.py")])
    told = {"errorMessage": str(error), "errorType": type(error).__name__, "stackTrace": frames}
    json.dumps(told, ensure_ascii=False).encode()
    return {"status": "ok", "raised": told}

"""
_DIED = "Worker process died"
_DIED_BEFORE = "[Errno 32] Broken pipe"
_DIED_AT_ITS_START = "Worker process exited immediately"
_GRACE_SECONDS = 5.0


def tell_of_exceptions_as_lambda_does() -> None:
    """Report a Python exception with its class name and its stack, and keep the worker.

    ministack calls every exception "Runtime.HandlerError", keeps the stack to itself, and ends the worker, so that each retry
    starts cold. AWS: {"errorMessage", "errorType": class name, "requestId", "stackTrace": [str, ...]}. What can't be told so
    ends the process, on AWS too: a `__str__` that raises, half a surrogate pair in the message. The worker's answer is read as
    one that went well, and made an error of afterwards.

    Unneeded once tests/embedded/test_functions.py::test_errors_carry_class_name_and_stack passes without it.
    """
    edit_worker_script(_TELL, (_RAISED, "_ms_tell(e)"))

    @wrap(module("core.lambda_runtime", "Worker").Worker, "invoke")
    def invoke(original: Any, self: Any, event: Any, request_id: str, **more: Any) -> Any:
        response = original(self, event, request_id, **more)
        if "raised" not in response:
            return response
        told = response["raised"] | {"requestId": request_id}
        return {**response, "status": "error", "error": json.dumps(told), "trace": _as_logged(told)}


def tell_of_exits_as_lambda_does() -> None:
    """Report a process that has ended as Runtime.ExitError, with its exit status or the signal; ministack does not look at them.

    AWS: "Runtime exited with error: exit status 1", "... signal: killed", and for status 0 "Runtime exited without providing a
    reason".

    Unneeded once tests/embedded/test_endings.py::test_end_of_the_process_is_told_with_its_status passes without it.
    """
    worker = module("core.lambda_runtime", "Worker").Worker

    @wrap(worker, "_spawn")
    def spawn(original: Any, self: Any) -> Any:
        try:
            return original(self)
        finally:
            self.last_process = self._proc
            if self._proc is not None:
                self._proc.stdout = _Answers(self._proc)

    @wrap(worker, "invoke")
    def invoke(original: Any, self: Any, event: Any, request_id: str, **more: Any) -> Any:
        try:
            response = original(self, event, request_id, **more)
        except RuntimeError as error:
            if not str(error).startswith(_DIED_AT_ITS_START):
                raise
            self._proc = None
            response = {"status": "error", "error": _DIED, "log": self._drain_stderr_bounded()}
        if response.get("status") != "error" or response.get("error") not in (_DIED, _DIED_BEFORE):
            return response
        text = f"RequestId: {request_id} Error: {_how(self.last_process)}"
        told = {"errorType": "Runtime.ExitError", "errorMessage": text}
        return {**response, "error": json.dumps(told), "trace": f"{text}\nRuntime.ExitError"}


def answer_with_what_was_told() -> None:
    """Answer a failed invocation with what was told of it above; ministack has room for a text alone.

    Unneeded once tests/embedded/test_functions.py::test_errors_carry_class_name_and_stack passes without it.
    """

    @wrap(module("services.lambda_svc"), "_execute_function_warm")
    def execute(original: Any, func: Any, event: Any, request_id: str) -> Any:
        result = original(func, event, request_id)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            try:
                told = json.loads(body["errorMessage"])
            except ValueError:
                return result
            if isinstance(told, dict) and "errorType" in told:
                result["body"] = told
        return result


def name_throttles_for_step_functions() -> None:
    """Report a throttled task as Lambda.TooManyRequestsException; ministack says "Lambda.Unknown", which no `Retry` for
    Lambda's transient errors matches.

    Unneeded once tests/embedded/test_states.py::test_a_throttled_task_is_named_as_lambda_names_it passes without it.
    """

    @wrap(module("services.lambda_svc"), "_throttle_response")
    def throttle(original: Any, reason_code: str, msg: str, retry_after: int = 1) -> Any:
        result = original(reason_code, msg, retry_after)
        result["body"]["errorType"] = "Lambda.TooManyRequestsException"
        return result


class _Answers:
    """The lines that a worker answers with. Their end comes with its status: nobody kills a process that is about to end."""

    def __init__(self, process: Any) -> None:
        self._process, self._stream = process, process.stdout

    def readline(self) -> str:
        line: str = self._stream.readline()
        if not line:
            _how(self._process)
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _how(process: Any) -> str:
    try:
        status = process.wait(_GRACE_SECONDS)
    except Exception:  # its output is closed, and it goes on
        return "Runtime exited without providing a reason"
    if status == 0:
        return "Runtime exited without providing a reason"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    return f"Runtime exited with error: signal: {str(signal.strsignal(-status)).lower()}"


def _as_logged(told: dict[str, Any]) -> str:
    lines = [f"[ERROR] {told['errorType']}: {told['errorMessage']}", "Traceback (most recent call last):"]
    return "\n".join([*lines, *(frame.rstrip("\n") for frame in told["stackTrace"])])
