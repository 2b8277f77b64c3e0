"""microburst as a proxy before the embedded AWS: `python -m tests.faults.proxy_server`, with microburst's own options.

In front of it stands `request_rate`. Four of its names are replaced, so its version is pinned:

- it sends the upstream's address as Host, and the embedded AWS then refuses what was signed for the proxy's;
- it leaves Content-Length out, without which obstore takes no answer to a GET;
- its handler of requests, which `request_rate` precedes;
- it reads the models of all services, for ten seconds, to guess the service from a host name. Signatures name it here.
"""

import sys
from typing import Any

from microburst import cli, forward
from microburst.core.pipeline import Microburst
from microburst.detection import host

from tests.faults.request_rate import Limits

_outbound_headers = forward.Upstream._outbound_headers


def _with_its_own_host(self: forward.Upstream, request: Any) -> dict[str, str]:
    return {**_outbound_headers(self, request), "host": request.headers["Host"]}


def _no_names() -> dict[str, str]:
    return {}


def _with_limits(init: Any) -> Any:
    def initialise(self: Microburst, *arguments: Any, **options: Any) -> None:
        init(self, *arguments, **options)
        self.handle_proxy = Limits(self.handle_proxy)  # type: ignore[method-assign]

    return initialise


if __name__ == "__main__":
    Microburst.__init__ = _with_limits(Microburst.__init__)  # type: ignore[method-assign]
    assert callable(host._endpoint_prefix_map)
    host._endpoint_prefix_map = _no_names
    forward.HOP_BY_HOP = forward.HOP_BY_HOP - {"content-length"}
    forward.Upstream._outbound_headers = _with_its_own_host
    sys.exit(cli.main())
