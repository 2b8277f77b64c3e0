"""Serves the emulator on a socket that the parent bound, until SIGTERM.

    python -m scripts.embedded.server --socket FD --guard FD --token HEX

`--guard` is the read end of a pipe: the parent writes one byte when it has recorded this process; an end of file before
that means that the parent died, and this process ends with it instead of staying behind unknown.
"""

import argparse
import asyncio
import importlib
import os
import signal
import socket
import sys
import threading
from typing import Any

from scripts.embedded.server.counting import Counter, CountingApp
from scripts.embedded.server.deliveries import Deliveries
from scripts.embedded.server.patching import wrap
from scripts.embedded.server.repairs import RepairError, apply_all
from scripts.embedded.server.replays import Replays
from scripts.embedded.server.slots import Slots


def main() -> int:
    """Return the exit code; 1 with one sentence on stderr when ministack is not the version that we know."""
    options = _options()
    _die_with_parent(options.guard)
    _refuse_beyond_loopback(options.socket)
    _raise_file_limit()
    counter = Counter()
    slots = Slots(_workers())
    deliveries = Deliveries()
    try:
        apply_all(counter, slots, deliveries)
    except RepairError as error:
        print(error, file=sys.stderr)
        return 1
    application = CountingApp(Replays(importlib.import_module("ministack.app").app), counter, deliveries, options.token)
    asyncio.run(_serve(application, options.socket))
    importlib.import_module("ministack.core.lambda_runtime").reset()
    # Threads of running executions would be waited for at a normal exit, for as long as their Lambdas take.
    sys.stdout.flush()
    os._exit(0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.embedded.server")
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--guard", type=int, required=True)
    parser.add_argument("--token", required=True)
    return parser.parse_args()


def _workers() -> int:
    """How many Lambda workers may compute at once: MAPREDUCE_EMBEDDED_WORKERS, or four for each core, at least 8."""
    named = os.environ.get("MAPREDUCE_EMBEDDED_WORKERS", "")
    return max(1, int(named)) if named.isdecimal() else max(8, 4 * (os.cpu_count() or 1))


def _die_with_parent(guard: int) -> None:
    def watch() -> None:
        if not os.read(guard, 1):
            os._exit(1)
        os.close(guard)

    os.set_inheritable(guard, False)
    threading.Thread(target=watch, name="guard", daemon=True).start()


def _refuse_beyond_loopback(descriptor: int) -> None:
    """The emulator's credentials are public knowledge, so it must never be reachable from another machine."""
    with socket.socket(fileno=os.dup(descriptor)) as listener:
        host = str(listener.getsockname()[0])
    if not host.startswith("127.") and host != "::1":
        raise SystemExit(f"refusing to serve on {host}: the embedded AWS listens on loopback only")


def _raise_file_limit() -> None:
    """A burst of a few hundred connections and workers needs more than the usual 1,024 (macOS: 256) descriptors."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 16_384 if hard == resource.RLIM_INFINITY else min(16_384, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _close_what_clients_have_closed() -> None:
    """Let hypercorn forget a connection when its client has ended it, and not only after `keep_alive_timeout`."""

    @wrap(importlib.import_module("hypercorn.asyncio.tcp_server").TCPServer, "_read_data")
    async def read(original: Any, self: Any) -> None:
        try:
            await original(self)
        finally:
            await self.idle_task.stop()


async def _serve(application: CountingApp, descriptor: int) -> None:
    config: Any = importlib.import_module("hypercorn.config").Config()
    config.bind = [f"fd://{descriptor}"]
    config.backlog = 1024
    # Longer than any client keeps an idle connection: a server that closes one first may do so just as a request comes.
    config.keep_alive_timeout = 3600
    config.graceful_timeout = 0.5
    config.shutdown_timeout = 2.0
    config.loglevel = "WARNING"
    _close_what_clients_have_closed()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await importlib.import_module("hypercorn.asyncio").serve(application, config, shutdown_trigger=stop.wait)


if __name__ == "__main__":
    sys.exit(main())
