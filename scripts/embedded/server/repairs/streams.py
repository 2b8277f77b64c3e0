"""DynamoDB streams: one thread for each mapping."""

import threading
from collections.abc import Iterator
from typing import Any

from scripts.embedded.server.patching import module, replace, require


def poll_in_parallel() -> None:
    """Polls each DynamoDB mapping in a thread of its own.

    ministack serves all mappings of all tables from one thread, so that one stage's Lambda blocks the next stage's:
    three tables with three one-second records each took 9.7 s, and 3.4 s so. Order within a mapping is kept.
    """
    lambda_svc = module("services.lambda_svc")
    require(lambda_svc, "_poll_loop", ())
    only = threading.local()
    wakers: dict[str, threading.Event] = {}

    def make_iterator(original: Any) -> Any:
        def iterate() -> Iterator[Any]:
            chosen = getattr(only, "mapping", None)
            return (entry for entry in original() if chosen is None or entry[2].get("UUID") == chosen)

        return iterate

    replace(lambda_svc, "_iter_all_esms", (), make_iterator)

    def make_poller(original: Any) -> Any:
        def serve(mapping: str, wake: threading.Event) -> None:
            only.mapping = mapping
            while next(iter(lambda_svc._iter_all_esms()), None) is not None:
                wake.clear()
                try:
                    while original():
                        pass
                except Exception as error:
                    lambda_svc.logger.error("stream mapping %s: %s", mapping, error)
                wake.wait()
            wakers.pop(mapping, None)

        def poll() -> bool:
            """Called by ministack's own poll loop at each wake-up and each second: passes the wake-up on."""
            present = [entry[2] for entry in lambda_svc._iter_all_esms()]
            for esm in present:
                if ":dynamodb:" in esm.get("EventSourceArn", "") and esm["UUID"] not in wakers:
                    wake = wakers[esm["UUID"]] = threading.Event()
                    threading.Thread(target=serve, args=(esm["UUID"], wake), name="stream-mapping", daemon=True).start()
            for wake in list(wakers.values()):
                wake.set()
            return False

        return poll

    replace(lambda_svc, "_poll_dynamodb_streams", (), make_poller)
