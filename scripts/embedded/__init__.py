"""The embedded AWS: ministack on loopback, started, watched and ended by `python -m scripts.embedded up|status|down`.

Two halves, which run on two interpreters:

- this package's own modules start and stop it; they need the standard library only (Python 3.11+);
- `scripts.embedded.server` is what is started, in `build/embedded/venv`: ministack's application with the repairs that
  make a local run behave as AWS does, and an exact count of its requests.
"""
