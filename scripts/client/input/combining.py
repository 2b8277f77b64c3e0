"""The job's combiner, as far as the client speaks of it."""

from scripts.client.deployment import Deployment
from scripts.client.input.layout import OBJECTS
from scripts.package.source import shown
from scripts.package.sources import source_of

_FILE = "user_combine.py"


def left_out(deployment: Deployment, layout: str) -> str | None:
    """A note for a run of the layout `objects` whose job has a combiner; None if it has none."""
    if layout != OBJECTS or deployment.workflow.input != "chunks":
        return None
    source = source_of(deployment.sources or "")
    path = (source.job or source.functions / deployment.workflow.first.name) / _FILE
    if not path.is_file():
        return None
    return f"{shown(path)} is left out, for in the layout objects each emit is an object; --shuffle packed uses it"
