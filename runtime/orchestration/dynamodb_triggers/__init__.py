"""A function runs because an item was created."""

NEEDS: frozenset[str] = frozenset()
"""What packaging adds for it, see `scripts.orchestrations`."""
