"""Which layout a run's shuffle has: the one that was asked for, else the deployment's."""

from scripts.client.deployment import Deployment

OBJECTS = "objects"
PACKED = "packed"
LAYOUTS = (OBJECTS, PACKED)


def layout_of(asked: str | None, deployment: Deployment) -> str:
    """The layout of a run on this deployment; `asked` is what the user wants, None for no wish."""
    return asked or deployment.shuffle


def told_to_mappers(layout: str, deployment: Deployment) -> str | None:
    """What each chunk says of the layout. None, which is nothing at all, where mappers take `objects` without being told."""
    return None if layout == deployment.shuffle == OBJECTS else layout
