"""How requests to AWS fail.

StorageError                a request to S3 or another store finally failed: action, bucket or table, key, cause
├── AccessDeniedError       the role lacks the action
├── ChangedError            the object is no longer the version that was asked for
└── TransientError          the same request may succeed later
    ├── SlowDownError       S3 answered that it has no time, or met an error of its own
    └── NoAnswerError       S3 gave no answer, or half of one; it may have done what was asked

RequestError                a request over our own connections came to nothing
├── TransportError          no connection, or no answer
└── RefusedError            the service answered with an error

InvokeError                 Lambda did not take an invocation
├── AnswerLost              it may have taken it, but its answer did not come
└── FunctionFailed          the function ran and failed: error type, message, last frames, request id
"""

from typing import Any

_THROTTLED = frozenset(
    {
        "EC2ThrottledException",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceException",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
"""https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors and
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html"""


class StorageError(Exception):
    """A request to S3 failed after all retries."""

    def __init__(self, action: str, bucket: str, key: str, cause: str) -> None:
        super().__init__(action, bucket, key, cause)
        self.action, self.bucket, self.key, self.cause = action, bucket, key, cause

    def __str__(self) -> str:
        return f"{self.action} on {self._where()} failed: {self.cause}"

    def _where(self) -> str:
        # A store other than S3 has its own errors in this class, with a table for the bucket.
        return ("s3://" if self.action.startswith("s3:") else "") + f"{self.bucket}/{self.key}"


class AccessDeniedError(StorageError):
    """S3 refused the request: the role's policy lacks the action for this object; or a read is of an object that is not there."""

    def __str__(self) -> str:
        # To a role that may not list the bucket S3 says the same of a missing object:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        or_missing = ", or there is no such object" if self.action == "s3:GetObject" else ""
        return f"{self.action} on {self._where()} was denied; the function's role lacks it{or_missing}: {self.cause}"


class ChangedError(StorageError):
    """The object is no longer the version that was asked for."""


class TransientError(StorageError):
    """The same request may succeed later."""


class SlowDownError(TransientError):
    """S3 answered that it has no time for the request, or met an error of its own."""


class NoAnswerError(TransientError):
    """S3 gave no answer, or half of one; it may have done what was asked."""


class RequestError(Exception):
    """A request to AWS came to nothing. `transient`: whether it may go better the next time."""

    transient = False


class TransportError(RequestError):
    """No connection, or no answer. `sent`: whether the whole request went out, so that the service may have taken it."""

    transient = True

    def __init__(self, cause: Exception, sent: bool, answer_begun: bool = False) -> None:
        super().__init__(cause, sent, answer_begun)
        self.cause, self.sent, self.answer_begun = cause, sent, answer_begun

    def __str__(self) -> str:
        what = "the answer broke off" if self.answer_begun else "no answer" if self.sent else "not sent"
        return f"{what}: {self.reason}"

    @property
    def reason(self) -> str:
        """Type and text of the cause."""
        return f"{type(self.cause).__name__}: {self.cause}"


class RefusedError(RequestError):
    """The service answered with an error.

    Attributes:
        status: of HTTP.
        code: the error's name, such as `AccessDeniedException`; the status as text if it has none.
        message: the service's own words, their first line alone: the others may quote the request with its token.
        tries: how often the request was sent.
    """

    def __init__(self, status: int, code: str, message: str, tries: int = 1) -> None:
        super().__init__(status, code, message, tries)
        self.status, self.code, self.message, self.tries = status, code, message, tries
        self.transient = status >= 500 or status == 429 or code in _THROTTLED

    def __str__(self) -> str:
        tries = f", {self.tries} times" if self.tries > 1 else ""
        return f"{self.code} ({self.status}{tries}): {self.message}"


class InvokeError(Exception):
    """Lambda refused an invocation after all retries, or did not answer; names the function and the cause."""


class AnswerLost(InvokeError):
    """The invocation may have been taken, and the function may still run: the connection broke, or was silent for too long."""


class FunctionFailed(InvokeError):
    """The invoked function ended with an error. `response` is Lambda's: errorType, errorMessage, stackTrace, requestId."""

    def __init__(self, name: str, response: Any) -> None:
        super().__init__(name, response)
        self.response: dict[str, Any] = response if isinstance(response, dict) else {"errorMessage": str(response)}

    def __str__(self) -> str:
        return f"{self.args[0]} failed: {self.response.get('errorType')}: {self.response.get('errorMessage')}"
