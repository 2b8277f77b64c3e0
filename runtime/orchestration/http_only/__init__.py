"""The caller of a fan-out invokes its branches synchronously and gets their values as answers."""

NEEDS: frozenset[str] = frozenset({"entry"})
"""What packaging adds for it, see `scripts.orchestrations`."""
