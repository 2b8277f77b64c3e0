"""What is served: ministack's ASGI application, repaired, counted, on one loopback socket.

Runs in `build/embedded/venv` (`python -m scripts.embedded.server`), never in the project's own environment.
"""
