"""The job's combiner, as far as the client speaks of it."""

from scripts.client.deployment import Deployment
from scripts.package.source import shown
from scripts.package.sources import source_of

_FILE = "user_combine.py"


def left_out(deployment: Deployment) -> str | None:
    """A note for a run of the layout `objects` whose job has a combiner; None if it has none."""
    source = source_of(deployment.sources or "")
    for folder in (source.job,) if source.job else sorted(source.functions.iterdir()):
        if (folder / _FILE).is_file():
            return (
                f"{shown(folder / _FILE)} is left out, for in the layout objects each emit is an object; --shuffle packed uses it"
            )
    return None
