"""How far a run of the repository's own workflow is, in few words."""

from scripts.client.orchestrations import Progress


def mapped(
    returned: int | None = None, reduced: int | None = None, reducers: int | None = None, *, of: int | None = None
) -> Progress:
    """So many mappers have returned, `of` so many, and so many reducers; None is what is not known."""
    counts = {"mapper": returned, "partition": None if reducers is None else 1, "reducer": reduced}
    sizes = {"mapper": of, "reducer": reducers}
    return Progress(*({name: number for name, number in known.items() if number is not None} for known in (counts, sizes)))
