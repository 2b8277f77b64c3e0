"""The Lambda entry point of every component function: `runtime.orchestration.entry.lambda_handler`."""

from collections.abc import Mapping
from typing import Any

from runtime.orchestration.output import Output, standard_output
from runtime.orchestration.settings import Settings
from runtime.orchestration.wrapper import build
from runtime.ports import Ports

_settings, _ports = Settings.load(), Ports(log=Output(standard_output()))


def _invoke(function: str, payload: Mapping[str, Any], deadline: float | None = None) -> Any:
    """Invoke asynchronously, or, with a deadline, synchronously."""
    name = _settings.function_prefix + function
    if deadline is None:
        return _ports.lambda_.invoke_async(name, payload)
    return _ports.lambda_.invoke_sync(name, payload, deadline)


lambda_handler = build(_settings, _invoke, _ports)
