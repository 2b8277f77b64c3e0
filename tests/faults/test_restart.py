"""The embedded AWS is stopped and started again with what it keeps on disk: runs that are done stay so, others can go on."""

import contextlib
import time
from collections.abc import Callable
from functools import partial

from scripts.orchestrations import ORCHESTRATIONS
from tests.cloud import run_module
from tests.faults.conftest import Site
from tests.faults.runs import COUNTS, INPUT, Outcome, ends_of, in_all, started


def test_runs_outlive_a_restart(site: Site, note: Callable[[list[Outcome]], None]) -> None:
    cloud = site.cloud
    before = cloud.invoke("sfn", "--run-id", "before", "--keep", "--json", "-", stdin=INPUT)
    with contextlib.ExitStack() as stack:
        for name in ORCHESTRATIONS:
            shuffle = cloud.deployment(name)["buckets"]["shuffle"]
            hold = stack.enter_context(
                site.proxy.held({"service": "s3", "operation": "PutObject", "resource": shuffle}, seconds=60)
            )
            client = stack.enter_context(started(cloud.build, name, "--run-id", f"cut-{name}", "--json", "-"))
            client.wait_until_it_waits()
            hold.wait()
            client.kill()

        restarted = run_module(cloud.build, "scripts.embedded", "restart")
    at = time.monotonic()
    outcomes = in_all(partial(resumed, site, at))

    assert restarted.status == 0, restarted.err
    assert before.counts == cloud.invoke("sfn", "--attach", "before", "--json").counts == COUNTS
    note(outcomes)


def resumed(site: Site, at: float, orchestration: str) -> Outcome:
    """The run that the restart cut off, cancelled in case that nobody has noticed, and gone on with."""
    run = f"cut-{orchestration}"
    cancelled = site.cloud.command("cancel", run)
    done = site.cloud.command("resume", run, "--json")

    assert cancelled.status == 0, cancelled.err
    assert done.counts == COUNTS, done.err
    assert ends_of(site.cloud, orchestration, run) == [f"{run}/result.json"]
    return Outcome(orchestration, "restart mid-map, resumed", 1, "exact counts", time.monotonic() - at)
