"""Errors of starting and stopping the embedded AWS; each carries the exit code of the command that met it."""


class EmbeddedError(Exception):
    """The embedded AWS could not be started or stopped; the text says what happened and what to do."""

    exit_code = 1


class PortTakenError(EmbeddedError):
    """The port that was asked for by name has a listener already."""

    exit_code = 2


class EnvironmentSetupError(EmbeddedError):
    """The virtual environment of the emulator could not be made."""
