"""Which lines of a function's log are ours, see runtime.orchestration.output: user code prints there as well, JSON too."""

import json
from typing import Any

from runtime.orchestration.output import FIELD, OURS


def parse_line(text: str) -> dict[str, Any]:
    """The fields of one of our lines; {} if it is none."""
    if not text.lstrip().startswith("{"):
        return {}
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) and fields.get(FIELD) == OURS else {}
