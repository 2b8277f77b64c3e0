"""Functions invoke each other asynchronously, and each branch looks whether all have returned."""

NEEDS: frozenset[str] = frozenset({"entry"})
"""What packaging adds for it, see `scripts.orchestrations`."""
