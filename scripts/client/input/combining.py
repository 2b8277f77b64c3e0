"""The job's combiner, as far as the client speaks of it."""

from scripts import paths
from scripts.client.deployment import Deployment
from scripts.package.sources import job_of


def left_out(deployment: Deployment) -> str | None:
    """A note for a run of the layout `objects` whose job has a combiner; None if it has none."""
    job = job_of(deployment.sources) if deployment.sources else None
    path = (job or paths.FUNCTIONS / "mapper") / "user_combine.py"
    if not path.is_file():
        return None
    shown = path.relative_to(paths.ROOT) if path.is_relative_to(paths.ROOT) else path
    return f"{shown} is left out, for in the layout objects each emit is an object; --shuffle packed uses it"
