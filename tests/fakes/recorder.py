"""The recorder of failures, as the environment of the moment has it."""

from typing import Any

from runtime.orchestration.recorder.recorder import Recorder
from runtime.orchestration.settings import Settings


def lambda_handler(event: Any, context: Any) -> Any:
    """`runtime.orchestration.recorder.handler.lambda_handler`, with the services that are in force."""
    return Recorder(Settings.load())(event, context)
