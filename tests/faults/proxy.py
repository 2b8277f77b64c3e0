"""microburst (https://pypi.org/project/microburst/) between the functions and the embedded AWS: disturbs requests by rules."""

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cloud import ROOT

_READY_SECONDS = 30.0
_POLL_SECONDS = 0.1
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

Rule = dict[str, Any]
"""Which requests (service, operation, resource: a bucket, table or function), and what becomes of them."""


@dataclass(frozen=True)
class Hold:
    """Requests that get no answer while their rule stands."""

    proxy: "Proxy"
    rule: Rule

    def wait(self, seconds: float = 90) -> None:
        """Return once a request is held; fail when none comes."""
        deadline = time.monotonic() + seconds
        while not self.proxy.fired(self.rule):
            assert time.monotonic() < deadline, f"no such request within {seconds:g} s"
            time.sleep(_POLL_SECONDS)

    def lift(self) -> None:
        """Let what comes from now on through. What is held stays held until its time is up."""
        self.proxy.remove(self.rule)


class Proxy:
    """The proxy's control pages. Rules of different buckets, tables or functions don't touch each other."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url

    def ask(self, method: str, page: str, body: Any = None) -> Any:
        """One request to a control page."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint_url}/_microburst/{page}", data, method=method)  # noqa: S310
        with _opener.open(request, timeout=10) as response:
            return json.loads(response.read())

    def fired(self, rule: Rule) -> int:
        """How many requests a rule has met, of the last two thousand that any has."""
        return len(self.ask("GET", f"fired?limit=2000&rule_id={rule['id']}"))

    def remove(self, rule: Rule) -> None:
        """Take a rule away; nothing if it is gone."""
        self.ask("DELETE", "rules", [{name: value for name, value in rule.items() if name not in ("id", "fired_count")}])

    @contextlib.contextmanager
    def disturbed(self, *rules: Rule) -> Iterator[list[Rule]]:
        """Rules that stand meanwhile, as the proxy names them; the first that fits a request decides."""
        made: list[Rule] = self.ask("PATCH", "rules", list(rules))
        try:
            yield made
        finally:
            for rule in made:
                self.remove(rule)

    @contextlib.contextmanager
    def held(self, requests: Rule, *, seconds: float, after: int = 0) -> Iterator[Hold]:
        """Let requests wait, but for the first few, and then answer 504 without passing them on."""
        passed = [{**requests, "times": after, "latency": 1}] if after else []
        with self.disturbed(*passed, {**requests, "timeout_ms": seconds * 1000}) as made:
            yield Hold(self, made[-1])


@contextlib.contextmanager
def serving(port: int, upstream: str, log: Path) -> Iterator[Proxy]:
    """A proxy on a port of loopback; ended at the end, whatever happens."""
    command = [sys.executable, "-m", "tests.faults.proxy_server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--upstream", upstream]
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
    try:
        proxy = Proxy(f"http://127.0.0.1:{port}")
        deadline = time.monotonic() + _READY_SECONDS
        while not _answers(proxy):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"the proxy is not ready after {_READY_SECONDS:g} s"
            time.sleep(_POLL_SECONDS)
        yield proxy
    finally:
        process.kill()  # it would wait for the requests that it holds
        process.wait(timeout=10)


def _answers(proxy: Proxy) -> bool:
    try:
        return bool(proxy.ask("GET", "health")["status"] == "ok")
    except OSError:
        return False
