"""Everything that ends the client early, each with its exit code.

ClientError
├── UsageError            2  an option that can't be, or that this deployment can't serve
│   ├── InputError        2  the input can't be read as text or chunks
│   └── RunIdUsedError    2  the run id belongs to an earlier run
├── NothingDeployedError  4  no deployment to start a run on
├── StorageError          1  a request to S3 finally failed
│   └── TableError        1  a request to DynamoDB finally failed
├── StartError            1  the run could not be started
├── RunFailedError        1  the run ended as failed
├── GoneError             1  what the run lies on is no more
├── Interruption        130  Ctrl-C, when a run may exist already
└── TimedOutError         3  the run did not end in time; it goes on
"""

from typing import ClassVar


class ClientError(Exception):
    """One sentence or more for the user: what, where, what to do."""

    exit_code: ClassVar[int] = 1


class UsageError(ClientError):
    """An option is wrong, or asks for what this deployment can't do."""

    exit_code = 2


class InputError(UsageError):
    """The input can't be read, or has the wrong shape. Nothing was started."""


class RunIdUsedError(UsageError):
    """A run of this id was started before."""


class NothingDeployedError(ClientError):
    """There is no deployment that could run this."""

    exit_code = 4


class StorageError(ClientError):
    """A request to S3 finally failed."""

    def __init__(self, action: str, bucket: str, key: str, cause: str) -> None:
        super().__init__(action, bucket, key, cause)
        self.action, self.bucket, self.key, self.cause = action, bucket, key, cause

    def __str__(self) -> str:
        return f"{self.action} on s3://{self.bucket}/{self.key} failed: {self.cause}"


class TableError(StorageError):
    """A request to DynamoDB finally failed: `bucket` is the table, `key` the item's."""

    def __str__(self) -> str:
        return f"{self.action} on table {self.bucket}, item {self.key} failed: {self.cause}"


class StartError(ClientError):
    """The run could not be started.

    Attributes:
        certain: False when the request was sent and its answer lost, so that the run may have started all the same.
    """

    def __init__(self, message: str, *, certain: bool) -> None:
        super().__init__(message)
        self.certain = certain


class RunFailedError(ClientError):
    """The run ended without a result; the message is the whole report."""


class GoneError(ClientError):
    """What the run was on is no more: it will never end."""


class Interruption(ClientError):
    """Ctrl-C came when a run may exist already; the message says how to find out."""

    exit_code = 130


class TimedOutError(ClientError):
    """The deadline passed. The run goes on and can be attached to."""

    exit_code = 3
