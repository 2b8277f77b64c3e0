"""state.json: which process is the embedded AWS of this build directory, and how to ask it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.embedded import process
from scripts.files import write_whole


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How an emulator is started.

    Attributes:
        auth: whether IAM policies and signatures are enforced.
        lambda_endpoint: what functions take for AWS; None for the emulator itself.
        keeps: whether what it holds outlives a restart.
    """

    auth: bool
    lambda_endpoint: str | None = None
    keeps: bool = False


@dataclass(frozen=True)
class State(Settings):
    """One running emulator.

    `started` is a Unix time in seconds. `token` is random: it stands in the server's command line and in its answers,
    so that a process which merely got the same pid or port is never taken for ours.
    """

    pid: int
    port: int
    endpoint_url: str
    started: float
    log: str
    tmpdir: str
    token: str

    def write(self, path: Path) -> None:
        """Write the file whole or not at all."""
        write_whole(path, [json.dumps(asdict(self), indent=2).encode(), b"\n"])

    def alive(self) -> bool:
        """Whether the process exists and is the one that was started."""
        return process.runs(self.pid, self.token)

    def ask(self, path: str, timeout_seconds: float = 5.0) -> dict[str, Any] | None:
        """GET one of the server's own JSON pages; None when it does not answer, or somebody else answers.

        Proxies of the environment are not used, since the address is on this machine.
        """
        import urllib.error  # here, since a client that only wants to know whether it runs does without
        import urllib.request

        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(self.endpoint_url + path, timeout=timeout_seconds) as response:
                answer = json.loads(response.read())
        except (OSError, ValueError, urllib.error.URLError):
            return None
        return answer if isinstance(answer, dict) and answer.get("token") == self.token else None


def read(path: Path) -> State | None:
    """The state on disk; None when there is none, or none that this version can read."""
    try:
        return State(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
