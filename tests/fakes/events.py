"""Events as AWS sends them, from tests/events."""

import json
from pathlib import Path
from typing import Any

_EVENTS = Path(__file__).resolve().parents[1] / "events"


def load_event(name: str) -> Any:
    """The event of that name, anew for each call."""
    return json.loads((_EVENTS / f"{name}.json").read_text(encoding="utf-8"))
