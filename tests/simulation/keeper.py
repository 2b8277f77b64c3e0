"""The keeper: EventBridge, which has the recorder of failures look for overdue runs every few minutes, through Lambda's queue.

It goes on until the run has ended, and once more after the run's deadline: then nothing may be left that was marked as open, and
no failure be recorded of a run that ended well.
"""

import json

from runtime.orchestration.ending import open_runs
from tests.fakes.events import load_event
from tests.simulation.lambdas import Lambda
from tests.simulation.objects import Buckets
from tests.simulation.observer import RESULTS, RUN
from tests.simulation.world import World

SWEEP_SECONDS = 300.0

_EVENT = json.dumps(load_event("scheduled")).encode()


class Keeper:
    """See the module's text."""

    def __init__(self, world: World, service: Lambda, buckets: Buckets) -> None:
        self._world, self._service, self._buckets = world, service, buckets

    def open(self, deadline: float) -> None:
        """Mark the run, and keep it."""
        self._buckets.write(RESULTS, open_runs.marker(RUN, int(deadline)), b"")
        self._world.after(self._world.random.uniform(0, SWEEP_SECONDS), self._tick)

    def _tick(self) -> None:
        marked = [key for key in self._buckets.objects.get(RESULTS, ()) if key.startswith(open_runs.PREFIX)]
        if not marked:
            return
        if any(self._buckets.find(RESULTS, f"{RUN}/{name}") for name in ("result.json", "failed.json")):
            # What comes in between would find nothing to do.
            latest = max(deadline for _, deadline in filter(None, map(open_runs.parse_marker, marked)))
            if latest > self._world.now:
                self._world.after(latest - self._world.now, self._tick)
                return
        self._service.accept("recorder", _EVENT)
        self._world.after(SWEEP_SECONDS, self._tick)
