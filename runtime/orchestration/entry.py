"""The Lambda entry point of every component function: `runtime.orchestration.entry.lambda_handler`."""

from collections.abc import Mapping
from typing import Any

from runtime.orchestration.settings import Settings
from runtime.orchestration.wrapper import build

_settings = Settings.load()


def _invoke(function: str, payload: Mapping[str, Any], deadline: float | None = None) -> Any:
    """Invoke asynchronously, or, with a deadline, synchronously."""
    from runtime.aws.lambda_service import invoke_async, invoke_sync

    name = _settings.function_prefix + function
    return invoke_async(name, payload) if deadline is None else invoke_sync(name, payload, deadline)


lambda_handler = build(_settings, _invoke)
