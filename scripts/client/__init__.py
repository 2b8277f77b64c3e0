"""The client: starts a run on what is deployed, waits for it, prints the counts. `python -m scripts.client --help`."""

__version__ = "0.1.0"
