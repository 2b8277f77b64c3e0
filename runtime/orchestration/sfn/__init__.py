"""A Step Functions state machine invokes each function and knows who is next."""

NEEDS: frozenset[str] = frozenset({"state machine"})
"""What packaging adds for it, see `scripts.orchestrations`."""
