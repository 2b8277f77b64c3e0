"""A run from its start to its end: launching, waiting, resuming, finding it again."""
