"""What a run has stored, and what the client writes beside it: the claim of its id, turns, how it stands."""
