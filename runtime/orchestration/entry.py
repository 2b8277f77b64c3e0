"""The Lambda entry point of every component function: `runtime.orchestration.entry.lambda_handler`."""

from collections.abc import Mapping
from typing import Any

from runtime.orchestration.settings import Settings
from runtime.orchestration.wrapper import build

_settings = Settings.load()


def _invoke(function: str, payload: Mapping[str, Any]) -> None:
    from runtime.orchestration.invoker import invoke_async

    invoke_async(_settings.function_prefix + function, payload)


lambda_handler = build(_settings, _invoke)
