"""How a run ends: its result, or the record of why it has none."""
