"""Each function invokes the next one over HTTP; return values wait in a store."""

NEEDS: frozenset[str] = frozenset({"entry", "redis layer"})
"""What packaging adds for it, see `scripts.orchestrations`."""
